/**
 * The engine's ports on memory, a virtual clock and a seed, with the faults of disks, links and
 * power, and the oracles that judge what is left. Nothing here waits in real time, and nothing here
 * is part of the product.
 *
 * <h2>A run</h2>
 *
 * <p>{@link dmctl.simulator.Run} is one seed: several sites in one thread, each with a log and a
 * copy of every device on a {@link dmctl.simulator.SimDisk}, and processes that come and go. {@link
 * dmctl.simulator.Load} writes, {@link dmctl.simulator.Weather} breaks things, {@link
 * dmctl.simulator.Failover} stands for whoever restarts a primary or takes over elsewhere, {@link
 * dmctl.simulator.Checks} and {@link dmctl.simulator.CloneRun} judge on the way, {@link
 * dmctl.simulator.Ending} heals all and demands that every site catches up, stops cleanly and is
 * equal to the others. A broken promise is a {@link dmctl.simulator.Violation}.
 *
 * <h2>What an image may show</h2>
 *
 * <p>Every sector that a writer writes names the op, the device and the sector, with a check over
 * all 512 bytes. The journal holds for each op when it was issued and when it completed. Op a is
 * <i>before</i> op b if a completed before b was issued. An image is good if there is an order of
 * all ops that respects <i>before</i>, and a cut of it, so that every sector shows the last op of
 * the cut that touches it (or what was there at first), and the cut holds all that had to survive.
 *
 * <p><b>By the journal alone</b> ({@link dmctl.simulator.PrefixOracle}):
 *
 * <ol>
 *   <li>Included is every op that some sector shows, every op that had to survive, and whatever is
 *       before an included op. Including more never helps: an op that nothing demands can follow
 *       the cut, and so can all that it is before.
 *   <li>A sector that shows op s is refused if s is before an included op that touches it. An
 *       included op that touches it and overlaps s in time has to come before s.
 *   <li>A sector that shows zeroes though an included op touches it needs a zeroing that no
 *       included op of the sector has to follow; it is included too, and step 1 is done again.
 *   <li>The demands of step 2 together with <i>before</i> must have no cycle.
 * </ol>
 *
 * <p><b>When the order of the records is known</b> ({@link dmctl.simulator.SequenceOracle}): each
 * sector's content allows an interval of cuts, from the seq of the op it shows to just before the
 * next op that touches it; the intervals of all sectors must have a cut in common, not below the
 * seq that had to survive. That ops which completed before another was issued have the lower seq is
 * checked when the seq is given.
 *
 * <p>An op larger than a batch is several records: any beginning of it may be there.
 *
 * <h2>Lines of history</h2>
 *
 * <p>Each time a primary begins to serve, all devices are read and judged before the load is let
 * in, by what had to survive: all that was completed or read after the death of the process, all
 * that was flushed after a power cut, all that completed under a sync site after a takeover there.
 * The cut that was found ends the old {@link dmctl.simulator.History} and begins a new one. A
 * target may still stand on an older line until it has met the new primary.
 */
package dmctl.simulator;
