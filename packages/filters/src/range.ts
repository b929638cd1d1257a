/** Part of a file: from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** More ranges than this in one field are not looked at. */
const maxRanges = 32;

/**
 * What a Range field asks of a file of `size` bytes (RFC 9110, 14.1.2).
 *
 * undefined: nothing that is honoured, the whole file is sent. That holds for another unit, for bad syntax and for several
 * parts that lie apart: they would need a multipart answer, which costs the server more than it is worth to a client. Parts that touch or
 * overlap count as one.
 */
export function parseRange(value: string, size: number): ByteRange | "unsatisfiable" | undefined {
  const list = /^bytes=(.*)$/i.exec(value.trim())?.[1]?.split(",");
  if (!list || list.length > maxRanges) return undefined;
  const ranges: ByteRange[] = [];
  let specs = 0;
  for (const item of list) {
    const text = item.trim();
    // A list may hold empty elements (RFC 9110, 5.6.1.2).
    if (text === "") continue;
    const [, first, last] = /^(\d*)-(\d*)$/.exec(text) ?? [];
    if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
    if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
    specs++;
    const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
    const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
    if (start < end) ranges.push({ start, end });
  }
  if (specs === 0) return undefined;
  if (ranges.length === 0) return size === 0 ? undefined : "unsatisfiable";
  ranges.sort((a, b) => a.start - b.start);
  let end = ranges[0]!.end;
  for (const range of ranges) {
    if (range.start > end) return undefined;
    end = Math.max(end, range.end);
  }
  return { start: ranges[0]!.start, end };
}
