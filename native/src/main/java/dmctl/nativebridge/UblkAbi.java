package dmctl.nativebridge;

/**
 * Layouts and numbers of linux/ublk_cmd.h, proven against it by the test LayoutTest. Commands are
 * the encoded ones: the others are switched off in some kernels.
 */
final class UblkAbi {
    static final int GET_DEV_INFO = 0x80207502;
    static final int ADD_DEV = 0xc0207504;
    static final int DEL_DEV = 0xc0207505;
    static final int START_DEV = 0xc0207506;
    static final int STOP_DEV = 0xc0207507;
    static final int SET_PARAMS = 0xc0207508;
    static final int GET_PARAMS = 0x80207509;
    static final int START_USER_RECOVERY = 0xc0207510;
    static final int END_USER_RECOVERY = 0xc0207511;
    static final int GET_FEATURES = 0x80207513;
    static final int FETCH_REQ = 0xc0107520;
    static final int COMMIT_AND_FETCH_REQ = 0xc0107521;

    static final long F_USER_RECOVERY = 1 << 3;
    static final long F_USER_RECOVERY_REISSUE = 1 << 4;
    static final long F_CMD_IOCTL_ENCODE = 1 << 6;

    static final int STATE_DEAD = 0;
    static final int STATE_LIVE = 1;
    static final int STATE_QUIESCED = 2;

    /** Of a control command that is not for one queue. */
    static final long NO_QUEUE = 0xffff;

    static final int CTRL_CMD_BYTES = 32;
    static final int CTRL_QUEUE_SHIFT = 32;
    static final int CTRL_LENGTH_SHIFT = 48;

    static final int FEATURES_BYTES = 8;

    static final int INFO_BYTES = 64;
    static final int INFO_QUEUES = 0;
    static final int INFO_DEPTH = 2;
    static final int INFO_STATE = 4;
    static final int INFO_MAX_IO_BYTES = 8;
    static final int INFO_ID = 12;
    static final int INFO_PID = 16;
    static final int INFO_FLAGS = 24;
    static final int INFO_SERVER_FLAGS = 32;

    static final int PARAMS_LEN = 0;
    static final int PARAMS_TYPES = 4;
    static final int PARAMS_BASIC = 8;
    static final int PARAMS_DISCARD = 40;

    /** Up to the end of what is set; newer parts are not named. */
    static final int PARAMS_BYTES = 60;

    static final int BASIC_ATTRS = 0;
    static final int BASIC_LOGICAL_SHIFT = 4;
    static final int BASIC_PHYSICAL_SHIFT = 5;
    static final int BASIC_IO_OPT_SHIFT = 6;
    static final int BASIC_IO_MIN_SHIFT = 7;
    static final int BASIC_MAX_SECTORS = 8;
    static final int BASIC_DEV_SECTORS = 16;
    static final int DISCARD_GRANULARITY = 4;
    static final int DISCARD_MAX_SECTORS = 8;
    static final int DISCARD_MAX_ZEROES_SECTORS = 12;
    static final int DISCARD_MAX_SEGMENTS = 16;
    static final int ATTR_VOLATILE_CACHE = 4;
    static final int ATTR_FUA = 8;
    static final int PARAM_TYPE_BASIC = 1;
    static final int PARAM_TYPE_DISCARD = 2;

    static final int DESC_BYTES = 24;
    static final int DESC_OP_FLAGS = 0;
    static final int DESC_SECTORS = 4;
    static final int DESC_START_SECTOR = 8;

    static final int IO_TAG_SHIFT = 16;
    static final int IO_RESULT_SHIFT = 32;

    private UblkAbi() {}
}
