/* Prints the messages of KernelNbdTest as the kernel's own headers have them. Its output is nbd-netlink.golden:
 *   cc -o /tmp/nbd-netlink nbd-netlink.c && /tmp/nbd-netlink >nbd-netlink.golden
 */
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned char out[4096];

static struct nlmsghdr *begin(uint16_t family, uint32_t seq, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *head = (void *)out;
	struct genlmsghdr *generic = NLMSG_DATA(head);

	memset(out, 0, sizeof(out));
	head->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	head->nlmsg_type = family;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head->nlmsg_seq = seq;
	generic->cmd = cmd;
	generic->version = version;
	return head;
}

static struct nlattr *put(struct nlmsghdr *head, uint16_t type, const void *value, size_t len)
{
	struct nlattr *attr = (void *)(out + NLMSG_ALIGN(head->nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, value, len);
	head->nlmsg_len = NLMSG_ALIGN(head->nlmsg_len) + NLA_ALIGN(attr->nla_len);
	return attr;
}

static void u32(struct nlmsghdr *head, uint16_t type, uint32_t value)
{
	put(head, type, &value, sizeof(value));
}

static void u64(struct nlmsghdr *head, uint16_t type, uint64_t value)
{
	put(head, type, &value, sizeof(value));
}

static void string(struct nlmsghdr *head, uint16_t type, const char *value)
{
	put(head, type, value, strlen(value) + 1);
}

static void end(struct nlmsghdr *head, struct nlattr *nest)
{
	nest->nla_len = out + head->nlmsg_len - (unsigned char *)nest;
}

static void describe(struct nlmsghdr *head, uint64_t size, uint64_t block, uint64_t flags, uint64_t dead,
		     const char *backend, uint32_t fd)
{
	struct nlattr *sockets, *item;

	u64(head, NBD_ATTR_SIZE_BYTES, size);
	u64(head, NBD_ATTR_BLOCK_SIZE_BYTES, block);
	u64(head, NBD_ATTR_SERVER_FLAGS, flags);
	u64(head, NBD_ATTR_DEAD_CONN_TIMEOUT, dead);
	string(head, NBD_ATTR_BACKEND_IDENTIFIER, backend);
	sockets = put(head, NBD_ATTR_SOCKETS, NULL, 0);
	item = put(head, NBD_SOCK_ITEM, NULL, 0);
	u32(head, NBD_SOCK_FD, fd);
	end(head, item);
	end(head, sockets);
}

static void show(const char *name, const struct nlmsghdr *head)
{
	printf("%s ", name);
	for (uint32_t i = 0; i < head->nlmsg_len; i++)
		printf("%02x", out[i]);
	printf("\n");
}

int main(void)
{
	struct nlmsghdr *head;

	head = begin(GENL_ID_CTRL, 1, CTRL_CMD_GETFAMILY, 2);
	string(head, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME);
	show("GETFAMILY", head);

	head = begin(0x21, 2, NBD_CMD_CONNECT, NBD_GENL_VERSION);
	u64(head, NBD_ATTR_TIMEOUT, 0);
	u64(head, NBD_ATTR_CLIENT_FLAGS, 0);
	describe(head, 0x123456000ULL, 4096, 0x6d, 600, "dmctl:g:0", 17);
	show("CONNECT-ANY", head);

	head = begin(0x21, 3, NBD_CMD_CONNECT, NBD_GENL_VERSION);
	u32(head, NBD_ATTR_INDEX, 5);
	u64(head, NBD_ATTR_TIMEOUT, 0);
	u64(head, NBD_ATTR_CLIENT_FLAGS, 0);
	describe(head, 512, 512, 0x6d, 600, "dmctl:group:11", 18);
	show("CONNECT-5", head);

	head = begin(0x21, 4, NBD_CMD_RECONFIGURE, NBD_GENL_VERSION);
	u32(head, NBD_ATTR_INDEX, 5);
	describe(head, 512, 512, 0x6d, 600, "dmctl:group:11", 19);
	show("RECONFIGURE-5", head);

	head = begin(0x21, 5, NBD_CMD_DISCONNECT, NBD_GENL_VERSION);
	u32(head, NBD_ATTR_INDEX, 5);
	show("DISCONNECT-5", head);

	head = begin(0x21, 6, NBD_CMD_STATUS, NBD_GENL_VERSION);
	show("STATUS", head);
	return 0;
}
