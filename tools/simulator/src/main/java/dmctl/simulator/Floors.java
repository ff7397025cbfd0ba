package dmctl.simulator;

import java.util.Arrays;

/** The seqs up to which the group's history had to survive, by what happens next. */
final class Floors {
    /** Completed: the newest seq. */
    long completed;

    /** Completed or read: survives the death of the primary's process. */
    long afterKill;

    /** Flushed: survives a power cut at the primary. */
    long afterPowerCut;

    /** Completed under a sync site: is durable there. */
    final long[] atSite;

    Floors(int sites) {
        atSite = new long[sites];
    }

    /** A new line begins after a seq: beyond it nothing is owed. */
    void cutAt(long seq) {
        afterPowerCut = Math.min(afterPowerCut, seq);
        afterKill = seq;
        completed = seq;
        Arrays.setAll(atSite, site -> Math.min(atSite[site], seq));
    }
}
