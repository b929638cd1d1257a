// entry: .
import { Manifest } from '@mothership/manifest';
export { Manifest, loadManifest, parseManifest } from '@mothership/manifest';
import { FleetControl } from '@mothership/control';
import { Closable, Subscribable, AbortOptions, Logger } from '@mothership/kernel';
import { LogLine } from '@mothership/supervisor';

/** The states of a mothership, as the reference names them (lower case in logs and answers). */
type Status = "initializing" | "preflight" | "electing" | "prelaunch" | "docking" | "launching" | "running" | "mayday" | "draining" | "landed" | "failed" | "crashed";
/** How a mothership can end; it stays there. */
type FinalStatus = Extract<Status, "landed" | "failed" | "crashed">;

interface MothershipEvents {
    /** The lifecycle moved on; `reason` where somebody would ask why. */
    statusChanged: {
        readonly from: Status;
        readonly to: Status;
        readonly reason?: string;
    };
}

/** How a mothership ended. */
interface Ending {
    readonly status: FinalStatus;
    /** 0 after a stop that was asked for; the essential ship's own code after a crash. */
    readonly exitCode: number;
}
/** A fleet that runs. */
interface Mothership extends Closable {
    readonly status: Status;
    readonly events: Subscribable<MothershipEvents>;
    /** Where the network reaches it: each bind with the address that it really has. */
    readonly listening: readonly {
        readonly bind: string;
        readonly address: string;
    }[];
    /** Looking at its units, and steering them. */
    readonly control: FleetControl;
    /** Resolves when nothing of it is left, for whatever reason it ended. */
    readonly finished: Promise<Ending>;
}

interface EmbedOptions extends AbortOptions {
    /** Where mothership says what it does. Default: nowhere. */
    readonly log?: Logger;
    /** Called with every line that a process prints; must be quick. Default: nothing. */
    readonly onLine?: (line: LogLine) => void;
}
/**
 * Runs the fleet of a manifest inside this program; what `mothership run` does without its terminal, log and signals.
 *
 * Resolves when the fleet runs. The caller closes it; `finished` tells when it ended by itself. If a phase fails or the signal fires, all
 * that was started is ended before this rejects, with what failed or with the signal's reason. Rejects with a TypeError for anything that is
 * no manifest.
 */
declare function launch(manifest: Manifest, { signal, log, onLine }?: EmbedOptions): Promise<Mothership>;

export { launch };
export type { EmbedOptions, Ending, FinalStatus, Mothership, Status };
