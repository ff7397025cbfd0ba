/*
 * Prints what the kernel's own headers say of every structure and number that dmctl uses: compared
 * with layouts.golden, which holds what Linux 6.12 says (linux-libc-dev of Debian 13), and that in
 * turn with the Java. A header that is older than a field or number leaves its line out.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <poll.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/genetlink.h>
#include <linux/io_uring.h>
#include <linux/nbd.h>
#include <linux/nbd-netlink.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/stat.h>
#include <linux/version.h>
#if __has_include(<linux/ublk_cmd.h>)
#include <linux/ublk_cmd.h>
#endif

#define SIZE(type) printf("%s size %zu\n", #type, sizeof(struct type))
#define FIELD(type, field) \
	printf("%s.%s %zu %zu\n", #type, #field, offsetof(struct type, field), \
	       sizeof(((struct type *)0)->field))
#define VALUE(name) printf("%s 0x%llx\n", #name, (unsigned long long)(name))
/* Of an enumeration the preprocessor knows nothing: the release it came with decides. */
#define SINCE(major, minor) (LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0))

static void uring(void)
{
	SIZE(io_uring_params);
	FIELD(io_uring_params, sq_entries);
	FIELD(io_uring_params, cq_entries);
	FIELD(io_uring_params, flags);
	FIELD(io_uring_params, features);
	FIELD(io_uring_params, sq_off);
	FIELD(io_uring_params, cq_off);
	FIELD(io_sqring_offsets, head);
	FIELD(io_sqring_offsets, tail);
	FIELD(io_sqring_offsets, ring_mask);
	FIELD(io_sqring_offsets, flags);
	FIELD(io_sqring_offsets, array);
	FIELD(io_cqring_offsets, head);
	FIELD(io_cqring_offsets, tail);
	FIELD(io_cqring_offsets, ring_mask);
	FIELD(io_cqring_offsets, cqes);
	SIZE(io_uring_sqe);
	FIELD(io_uring_sqe, opcode);
	FIELD(io_uring_sqe, fd);
	FIELD(io_uring_sqe, off);
	FIELD(io_uring_sqe, cmd_op);
	FIELD(io_uring_sqe, addr);
	FIELD(io_uring_sqe, len);
	FIELD(io_uring_sqe, rw_flags);
	FIELD(io_uring_sqe, fsync_flags);
	FIELD(io_uring_sqe, user_data);
	/* cmd is an array of no elements. */
	printf("io_uring_sqe.cmd %zu 0\n", offsetof(struct io_uring_sqe, cmd));
	SIZE(io_uring_cqe);
	FIELD(io_uring_cqe, user_data);
	FIELD(io_uring_cqe, res);
	SIZE(io_uring_getevents_arg);
	FIELD(io_uring_getevents_arg, sigmask);
	FIELD(io_uring_getevents_arg, sigmask_sz);
	FIELD(io_uring_getevents_arg, ts);
	VALUE(IORING_SQ_CQ_OVERFLOW);
	VALUE(IORING_SQ_TASKRUN);
	VALUE(IORING_SETUP_CLAMP);
	VALUE(IORING_SETUP_R_DISABLED);
	VALUE(IORING_SETUP_TASKRUN_FLAG);
	VALUE(IORING_SETUP_SQE128);
	VALUE(IORING_SETUP_SINGLE_ISSUER);
	VALUE(IORING_SETUP_DEFER_TASKRUN);
	VALUE(IORING_FEAT_SINGLE_MMAP);
	VALUE(IORING_FEAT_EXT_ARG);
	VALUE(IORING_ENTER_GETEVENTS);
	VALUE(IORING_ENTER_EXT_ARG);
	VALUE(IORING_OFF_SQ_RING);
	VALUE(IORING_OFF_SQES);
	VALUE(IORING_OP_READ);
	VALUE(IORING_OP_WRITE);
	VALUE(IORING_OP_URING_CMD);
	VALUE(SYS_io_uring_setup);
	VALUE(SYS_io_uring_enter);
	VALUE(SYS_io_uring_register);
	VALUE(IORING_REGISTER_EVENTFD);
	VALUE(IORING_REGISTER_ENABLE_RINGS);
}

#ifdef UBLK_MAX_QUEUE_DEPTH
static void ublk_structs(void)
{
	SIZE(ublksrv_ctrl_cmd);
	FIELD(ublksrv_ctrl_cmd, dev_id);
	FIELD(ublksrv_ctrl_cmd, queue_id);
	FIELD(ublksrv_ctrl_cmd, len);
	FIELD(ublksrv_ctrl_cmd, addr);
	FIELD(ublksrv_ctrl_cmd, data[0]);
	SIZE(ublksrv_ctrl_dev_info);
	FIELD(ublksrv_ctrl_dev_info, nr_hw_queues);
	FIELD(ublksrv_ctrl_dev_info, queue_depth);
	FIELD(ublksrv_ctrl_dev_info, state);
	FIELD(ublksrv_ctrl_dev_info, max_io_buf_bytes);
	FIELD(ublksrv_ctrl_dev_info, dev_id);
	FIELD(ublksrv_ctrl_dev_info, ublksrv_pid);
	FIELD(ublksrv_ctrl_dev_info, flags);
	FIELD(ublksrv_ctrl_dev_info, ublksrv_flags);
	SIZE(ublksrv_io_desc);
	FIELD(ublksrv_io_desc, op_flags);
	FIELD(ublksrv_io_desc, nr_sectors);
	FIELD(ublksrv_io_desc, start_sector);
	FIELD(ublksrv_io_desc, addr);
	SIZE(ublksrv_io_cmd);
	FIELD(ublksrv_io_cmd, q_id);
	FIELD(ublksrv_io_cmd, tag);
	FIELD(ublksrv_io_cmd, result);
	FIELD(ublksrv_io_cmd, addr);
	FIELD(ublk_params, len);
	FIELD(ublk_params, types);
	FIELD(ublk_params, basic);
	FIELD(ublk_params, discard);
	SIZE(ublk_param_basic);
	FIELD(ublk_param_basic, attrs);
	FIELD(ublk_param_basic, logical_bs_shift);
	FIELD(ublk_param_basic, physical_bs_shift);
	FIELD(ublk_param_basic, io_opt_shift);
	FIELD(ublk_param_basic, io_min_shift);
	FIELD(ublk_param_basic, max_sectors);
	FIELD(ublk_param_basic, chunk_sectors);
	FIELD(ublk_param_basic, dev_sectors);
	FIELD(ublk_param_basic, virt_boundary_mask);
	SIZE(ublk_param_discard);
	FIELD(ublk_param_discard, discard_alignment);
	FIELD(ublk_param_discard, discard_granularity);
	FIELD(ublk_param_discard, max_discard_sectors);
	FIELD(ublk_param_discard, max_write_zeroes_sectors);
	FIELD(ublk_param_discard, max_discard_segments);
}

static void ublk_numbers(void)
{
#ifdef UBLK_U_CMD_GET_FEATURES /* Linux 6.5 */
	VALUE(UBLK_U_CMD_GET_DEV_INFO);
	VALUE(UBLK_U_CMD_ADD_DEV);
	VALUE(UBLK_U_CMD_DEL_DEV);
	VALUE(UBLK_U_CMD_START_DEV);
	VALUE(UBLK_U_CMD_STOP_DEV);
	VALUE(UBLK_U_CMD_SET_PARAMS);
	VALUE(UBLK_U_CMD_GET_PARAMS);
	VALUE(UBLK_U_CMD_START_USER_RECOVERY);
	VALUE(UBLK_U_CMD_END_USER_RECOVERY);
	VALUE(UBLK_U_CMD_GET_FEATURES);
	VALUE(UBLK_U_IO_FETCH_REQ);
	VALUE(UBLK_U_IO_COMMIT_AND_FETCH_REQ);
	VALUE(UBLK_F_CMD_IOCTL_ENCODE);
#endif
	VALUE(UBLK_F_USER_RECOVERY);
	VALUE(UBLK_F_USER_RECOVERY_REISSUE);
	VALUE(UBLK_S_DEV_DEAD);
	VALUE(UBLK_S_DEV_LIVE);
	VALUE(UBLK_S_DEV_QUIESCED);
	VALUE(UBLK_MAX_QUEUE_DEPTH);
	VALUE(UBLK_IO_OP_READ);
	VALUE(UBLK_IO_OP_WRITE);
	VALUE(UBLK_IO_OP_FLUSH);
	VALUE(UBLK_IO_OP_DISCARD);
	VALUE(UBLK_IO_OP_WRITE_ZEROES);
	VALUE(UBLK_IO_F_FUA);
	VALUE(UBLK_IO_F_NOUNMAP);
	VALUE(UBLK_IO_RES_OK);
	VALUE(UBLK_ATTR_VOLATILE_CACHE);
	VALUE(UBLK_ATTR_FUA);
	VALUE(UBLK_PARAM_TYPE_BASIC);
	VALUE(UBLK_PARAM_TYPE_DISCARD);
}
#endif

static void netlink(void)
{
	SIZE(nlmsghdr);
	FIELD(nlmsghdr, nlmsg_len);
	FIELD(nlmsghdr, nlmsg_type);
	FIELD(nlmsghdr, nlmsg_flags);
	FIELD(nlmsghdr, nlmsg_seq);
	FIELD(nlmsghdr, nlmsg_pid);
	SIZE(genlmsghdr);
	FIELD(genlmsghdr, cmd);
	FIELD(genlmsghdr, version);
	SIZE(nlattr);
	FIELD(nlattr, nla_len);
	FIELD(nlattr, nla_type);
	VALUE(NETLINK_GENERIC);
	VALUE(GENL_ID_CTRL);
	VALUE(CTRL_CMD_GETFAMILY);
	VALUE(CTRL_ATTR_FAMILY_ID);
	VALUE(CTRL_ATTR_FAMILY_NAME);
	VALUE(NBD_CMD_CONNECT);
	VALUE(NBD_CMD_DISCONNECT);
	VALUE(NBD_CMD_RECONFIGURE);
	VALUE(NBD_CMD_LINK_DEAD);
	VALUE(NBD_CMD_STATUS);
	VALUE(NBD_ATTR_INDEX);
	VALUE(NBD_ATTR_SIZE_BYTES);
	VALUE(NBD_ATTR_BLOCK_SIZE_BYTES);
	VALUE(NBD_ATTR_TIMEOUT);
	VALUE(NBD_ATTR_SERVER_FLAGS);
	VALUE(NBD_ATTR_CLIENT_FLAGS);
	VALUE(NBD_ATTR_SOCKETS);
	VALUE(NBD_ATTR_DEAD_CONN_TIMEOUT);
	VALUE(NBD_ATTR_DEVICE_LIST);
#if SINCE(5, 14)
	VALUE(NBD_ATTR_BACKEND_IDENTIFIER);
#endif
	VALUE(NBD_SOCK_ITEM);
	VALUE(NBD_SOCK_FD);
	VALUE(NBD_DEVICE_ITEM);
	VALUE(NBD_DEVICE_INDEX);
	VALUE(NBD_DEVICE_CONNECTED);
	VALUE(NBD_CFLAG_DESTROY_ON_DISCONNECT);
	VALUE(NBD_CFLAG_DISCONNECT_ON_CLOSE);
}

static void device_mapper(void)
{
	SIZE(dm_ioctl);
	FIELD(dm_ioctl, version);
	FIELD(dm_ioctl, data_size);
	FIELD(dm_ioctl, data_start);
	FIELD(dm_ioctl, target_count);
	FIELD(dm_ioctl, open_count);
	FIELD(dm_ioctl, flags);
	FIELD(dm_ioctl, event_nr);
	FIELD(dm_ioctl, dev);
	FIELD(dm_ioctl, name);
	FIELD(dm_ioctl, uuid);
	SIZE(dm_target_spec);
	FIELD(dm_target_spec, sector_start);
	FIELD(dm_target_spec, length);
	FIELD(dm_target_spec, status);
	FIELD(dm_target_spec, next);
	FIELD(dm_target_spec, target_type);
	VALUE(DM_DEV_ARM_POLL);
	VALUE(DM_DEV_STATUS);
	VALUE(DM_LIST_DEVICES);
}

static void files(void)
{
	SIZE(statx);
	FIELD(statx, stx_mode);
	FIELD(statx, stx_ino);
	FIELD(statx, stx_size);
	FIELD(statx, stx_dev_major);
	FIELD(statx, stx_dev_minor);
#ifdef STATX_DIOALIGN
	FIELD(statx, stx_dio_mem_align);
	FIELD(statx, stx_dio_offset_align);
	VALUE(STATX_DIOALIGN);
#endif
	VALUE(BLKSSZGET);
	VALUE(BLKDISCARD);
	VALUE(BLKZEROOUT);
	VALUE(BLKGETSIZE64);
	VALUE(BLKFLSBUF);
	VALUE(PROT_READ);
	VALUE(PROT_WRITE);
	VALUE(MAP_SHARED);
	VALUE(MAP_PRIVATE);
	VALUE(MAP_ANONYMOUS);
	VALUE(MAP_POPULATE);
	VALUE(MCL_CURRENT);
	VALUE(MCL_FUTURE);
	VALUE(MCL_ONFAULT);
	VALUE(PR_SET_IO_FLUSHER);
	VALUE(EPOLL_CTL_ADD);
	VALUE(EPOLL_CTL_DEL);
	VALUE(EPOLLIN);
	printf("EPOLLET 0x%x\n", (unsigned int)EPOLLET);
	FIELD(epoll_event, events);
	FIELD(epoll_event, data);
	SIZE(epoll_event);
	VALUE(POLLIN);
	SIZE(pollfd);
	FIELD(pollfd, events);
	FIELD(pollfd, revents);
}

int main(void)
{
	uring();
#ifdef UBLK_MAX_QUEUE_DEPTH
	ublk_structs();
	ublk_numbers();
#endif
	netlink();
	device_mapper();
	files();
	return 0;
}
