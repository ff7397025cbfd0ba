package dmctl.engine;

import dmctl.engine.GroupStatus.Role;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a site says of itself at the beginning of a connection.
 *
 * @param group UUID of the group
 * @param site its number
 * @param kind why it connects
 * @param role its role
 * @param phase how far its copy is from a prefix
 * @param forkedAtSeq where it has forked, -1 if it has not
 * @param shape digest of block size and devices
 * @param headSeq newest record of its log
 * @param durableSeq newest durable one
 * @param appliedSeq newest one that may be on its devices
 * @param touchedSeq bound of what its devices may hold, earlier openings included
 * @param tailSeq the seq before its oldest record
 * @param needSeq when replaying: seq at which it is consistent; while regions are copied: seq up to
 *     which its devices held everything before, 0 if that is not known
 * @param opening opening number of its log
 * @param primarySite who it takes for the primary, -1 if unknown
 * @param history its terms
 * @param resyncId while regions are copied: id of the term of the primary that began it, 0 if all
 *     of them have to be copied
 */
// The order of the constants is part of the format.
@SuppressWarnings("EnumOrdinal")
record Hello(
        UUID group,
        int site,
        Kind kind,
        Role role,
        Standing.Phase phase,
        long forkedAtSeq,
        long shape,
        long headSeq,
        long durableSeq,
        long appliedSeq,
        long touchedSeq,
        long tailSeq,
        long needSeq,
        long opening,
        int primarySite,
        TermHistory history,
        long resyncId) {

    /** Why a site connects. */
    enum Kind {
        /** It is the primary and will send records. */
        SOURCE,
        /** It wants to know, and perhaps to fetch records. */
        QUERY,
        /** It answers. */
        REPLY
    }

    private static final int FIXED_BYTES = 120;
    private static final int TERM_BYTES = 32;
    static final int TERMS_MAX = 4096;

    /** What a site says of itself now. */
    static Hello of(Replica replica, Kind kind) {
        Standing standing = replica.standing();
        LogRing log = replica.log();
        long touchedSeq = replica.applier().touchedSeq();
        return new Hello(
                replica.def().uuid(),
                replica.def().selfSite(),
                kind,
                standing.role,
                standing.phase,
                standing.forkedAtSeq,
                replica.devices().shape(),
                replica.serving() ? log.writtenSeq() : log.headSeq(),
                log.flushedSeq(),
                touchedSeq,
                Math.max(touchedSeq, log.openedAtSeq()),
                replica.checkpointer().tailSeqSoon(),
                standing.needSeq,
                log.opening(),
                standing.primarySite,
                standing.history,
                standing.phase == Standing.Phase.COPYING ? standing.resyncId : 0);
    }

    byte[] encode() {
        ByteBuffer to =
                ByteBuffer.allocate(FIXED_BYTES + history.terms().size() * TERM_BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        to.putLong(group.getMostSignificantBits()).putLong(group.getLeastSignificantBits());
        to.putInt(site);
        to.put((byte) kind.ordinal()).put((byte) role.ordinal()).put((byte) phase.ordinal());
        to.put((byte) 0);
        to.putLong(forkedAtSeq).putLong(shape).putLong(headSeq).putLong(durableSeq);
        to.putLong(appliedSeq).putLong(tailSeq).putLong(needSeq).putLong(opening);
        to.putLong(primarySite).putLong(touchedSeq).putLong(resyncId);
        to.putInt(history.terms().size()).putInt(0);
        putTerms(to, history);
        return to.array();
    }

    /** The hello in a message, or null if it is none. */
    static @Nullable Hello decode(ByteBuffer in, int at, int bytes) {
        if (bytes < FIXED_BYTES) {
            return null;
        }
        int kind = in.get(at + 20);
        int role = in.get(at + 21);
        int phase = in.get(at + 22);
        if (kind < 0
                || kind >= Kind.values().length
                || role < 0
                || role >= Role.values().length
                || phase < 0
                || phase >= Standing.Phase.values().length) {
            return null;
        }
        TermHistory history = history(in, at + FIXED_BYTES - 8, bytes - FIXED_BYTES + 8);
        if (history == null) {
            return null;
        }
        return new Hello(
                new UUID(in.getLong(at), in.getLong(at + 8)),
                in.getInt(at + 16),
                Kind.values()[kind],
                Role.values()[role],
                Standing.Phase.values()[phase],
                in.getLong(at + 24),
                in.getLong(at + 32),
                in.getLong(at + 40),
                in.getLong(at + 48),
                in.getLong(at + 56),
                in.getLong(at + 96),
                in.getLong(at + 64),
                in.getLong(at + 72),
                in.getLong(at + 80),
                (int) in.getLong(at + 88),
                history,
                in.getLong(at + 104));
    }

    /** Longs followed by a term history, as START, FORKED and RESYNC_END carry it. */
    static byte[] encode(TermHistory history, long... values) {
        ByteBuffer to =
                ByteBuffer.allocate(8 * values.length + 8 + history.terms().size() * TERM_BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            to.putLong(value);
        }
        to.putInt(history.terms().size()).putInt(0);
        putTerms(to, history);
        return to.array();
    }

    private static void putTerms(ByteBuffer to, TermHistory history) {
        for (Term term : history.terms()) {
            to.putLong(term.number()).putLong(term.id()).putLong(term.previousLastSeq());
            to.putInt(term.site()).putInt(term.kind().ordinal());
        }
    }

    /** A term history in a message, or null if there is none. */
    static @Nullable TermHistory history(ByteBuffer in, int at, int bytes) {
        if (bytes < 8) {
            return null;
        }
        int count = in.getInt(at);
        if (count < 0 || count > TERMS_MAX || bytes < 8 + count * TERM_BYTES) {
            return null;
        }
        List<Term> terms = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int from = at + 8 + i * TERM_BYTES;
            terms.add(
                    new Term(
                            in.getLong(from),
                            in.getLong(from + 8),
                            in.getLong(from + 16),
                            in.getInt(from + 24),
                            Term.Kind.of(in.getInt(from + 28))));
        }
        return new TermHistory(terms);
    }
}
