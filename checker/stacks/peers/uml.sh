# The first process of a User-Mode Linux whose file system is the host's: it serves this kernel's
# sockets by lines, on its console. PYTHON and PYTHONPATH come from the kernel's command line.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null # the kernel may have done so
stty raw -echo
insmod "/usr/lib/uml/modules/$(uname -r)/kernel/drivers/net/tun.ko"
"$PYTHON" -m checker.stacks.drivers.serve
echo o >/proc/sysrq-trigger
sleep 60
