/** A path in the manifest. */
export interface FilePath {
  /** Absolute, resolved against the manifest's folder (as written, when that is not known). */
  readonly path: string;
  /** As it stands in the file, for messages. */
  readonly written: string;
}

/** A file that is renamed when it is full. */
export interface LogFile {
  /** Absolute (as written, when the folder is not known). */
  readonly path: string;
  readonly maxBytes: number;
  /** Renamed files that are kept. */
  readonly maxFiles: number;
  readonly compress: boolean;
}
