package dmctl.simulator;

/**
 * The thread that owns a group, in virtual time: runs its events one by one, a turn after each
 * round of them. A dead thread runs nothing more; a frozen one runs everything later, in order.
 */
final class SimThread {
    final EventQueue queue;
    final String name;
    private final SimRandom random;
    private Runnable turn = this::noTurn;
    private boolean alive = true;
    private boolean turnAsked;
    private long frozenUntil;

    SimThread(String name, EventQueue queue, SimRandom random) {
        this.name = name;
        this.queue = queue;
        this.random = random;
    }

    private void noTurn() {}

    void setTurn(Runnable turn) {
        this.turn = turn;
    }

    boolean alive() {
        return alive;
    }

    void die() {
        alive = false;
    }

    void freeze(long nanos) {
        frozenUntil = Math.max(frozenUntil, queue.now() + nanos);
    }

    boolean frozen() {
        return queue.now() < frozenUntil;
    }

    void after(long delay, Runnable event) {
        queue.after(delay, () -> run(event));
    }

    void at(long time, Runnable event) {
        queue.at(time, () -> run(event));
    }

    private void run(Runnable event) {
        if (!alive) {
            return;
        }
        if (queue.now() < frozenUntil) {
            queue.at(frozenUntil, () -> run(event));
            return;
        }
        try {
            event.run();
            if (!turnAsked && alive) {
                // Mostly at once; sometimes more events come into the same round.
                if (random.oneIn(4)) {
                    turnAsked = true;
                    queue.after(random.below(30_000), this::lateTurn);
                } else {
                    turn.run();
                }
            }
        } catch (Violation violation) {
            throw violation;
        } catch (RuntimeException | AssertionError failure) {
            throw new Violation(name + " threw " + failure, failure);
        }
    }

    private void lateTurn() {
        if (queue.now() < frozenUntil) {
            queue.at(frozenUntil, this::lateTurn);
            return;
        }
        turnAsked = false;
        if (alive) {
            try {
                turn.run();
            } catch (Violation violation) {
                throw violation;
            } catch (RuntimeException | AssertionError failure) {
                throw new Violation(name + " threw " + failure, failure);
            }
        }
    }
}
