using Kopis.Base;

namespace Kopis.Posix.Tests;

public sealed class FdPassingTests
{
    // An interpreter that sends several descriptors at once, which ours never does.
    private const string SendMany =
        "import array, socket, sys; n = int(sys.argv[1]); s = socket.socket(fileno=0); "
        + "s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [1] * n))])";

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(200)]
    public void Of_several_descriptors_none_is_kept(int count)
    {
        (int first, int second) = Fd.SocketPair();
        int pid = new ProcessStart
        {
            Path = "/usr/bin/python3",
            Arguments =
            [
                "python3"u8.ToArray(), "-c"u8.ToArray(), ByteText.ToBytes(SendMany),
                ByteText.ToBytes($"{count}"),
            ],
            Environment = new ByteEnvironment(),
            Descriptors = new Dictionary<int, int> { [0] = first, [1] = second, [2] = 2 },
        }.Start();
        Assert.Equal(0, Processes.Wait(pid).ExitCode);
        Assert.Equal(1, FdPassing.Receive(second, new byte[9], out int passed));
        Assert.Equal(count == 1, passed >= 0);
        Assert.Equal(count == 1 ? 2 : 1, NumbersOf(second));
        Array.ForEach([first, second, passed], Fd.Close);
    }

    [Fact]
    public void A_socket_that_has_nothing_says_so()
    {
        (int first, int second) = Fd.PacketSocketPair();
        Fd.SetNonBlocking(second, true);
        Assert.Equal(-1, FdPassing.Receive(second, new byte[9], out int passed));
        Assert.Equal(-1, passed);
        Assert.False(Fd.HasUnread(first));
        FdPassing.Send(first, "x"u8, -1);
        Assert.True(Fd.HasUnread(first));
        Assert.Equal(1, FdPassing.Receive(second, new byte[9], out _));
        Assert.False(Fd.HasUnread(first));
        Array.ForEach([first, second], Fd.Close);
    }

    [Fact]
    public void Sockets_of_a_network_and_files_are_told_from_our_own()
    {
        (int first, int second) = Fd.SocketPair();
        (int packets, int others) = Fd.PacketSocketPair();
        (int read, int write) = Fd.Pipe();
        using System.Net.Sockets.Socket tcp = new(
            System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream,
            System.Net.Sockets.ProtocolType.Tcp);
        Assert.True(Fd.IsUnixStream(first));
        Assert.False(Fd.IsUnixStream(packets));
        Assert.False(Fd.IsUnixStream(read));
        Assert.False(Fd.IsUnixStream((int)tcp.Handle));
        Array.ForEach([first, second, packets, others, read, write], Fd.Close);
    }

    /// <summary>How many descriptors of ours stand for the same socket.</summary>
    private static int NumbersOf(int socket)
    {
        string? target = new FileInfo($"/proc/self/fd/{socket}").LinkTarget;
        return Directory.GetFiles("/proc/self/fd")
            .Count(file => new FileInfo(file).LinkTarget == target);
    }
}
