package dmctl.engine;

/** Checks that are always on: they stop the group rather than let it lie. Free of allocation. */
final class Invariant {
    private Invariant() {}

    /**
     * Demands a condition.
     *
     * @param message the rule that must hold; a constant, so that success costs nothing
     * @throws InvariantViolation if it does not hold
     */
    static void check(boolean condition, String message) {
        if (!condition) {
            throw new InvariantViolation(message);
        }
    }

    /**
     * Demands a condition on two numbers.
     *
     * @param message the rule that must hold; the message of the violation appends {@code a} and
     *     {@code b}
     * @throws InvariantViolation if it does not hold
     */
    static void check(boolean condition, String message, long a, long b) {
        if (!condition) {
            throw new InvariantViolation(message + ": " + a + ", " + b);
        }
    }

    static void check(boolean holds, String message, long a) {
        if (!holds) {
            throw new InvariantViolation(message + ": " + a);
        }
    }
}
