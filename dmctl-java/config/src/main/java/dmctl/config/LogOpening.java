package dmctl.config;

/** What may be done to get a log. Over data of any kind none is ever made. */
public enum LogOpening {
    /** The log that is there, else a new one where there is nothing. */
    AUTO,
    /** A new one where there is nothing; a log that is there is refused. */
    CREATE,
    /** The log that is there, and no new one. */
    OPEN
}
