package dmctl.engine.port;

/** Told of the end of an operation. */
@FunctionalInterface
public interface IoDone {
    /**
     * The operation has ended and the object is its submitter's again. Called on the thread that
     * owns the group, never from inside {@link Storage#submit}.
     *
     * @param io with {@link Io#error} set
     */
    void ioDone(Io io);
}
