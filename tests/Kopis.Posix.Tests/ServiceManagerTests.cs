using System.Net.Sockets;
using System.Text;
using Kopis.Base;

namespace Kopis.Posix.Tests;

/// <summary>What is said to systemd, over a socket of the test's own.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly Socket _manager =
        new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
        {
            ReceiveTimeout = 20_000,
        };

    public ServiceManagerTests() =>
        _manager.Bind(new UnixDomainSocketEndPoint(Path.Combine(_directory, "notify")));

    public void Dispose()
    {
        _manager.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Nobody_is_told_where_nobody_asks() =>
        Assert.Null(ServiceManager.Of(Context("PATH=/bin\0")));

    [Fact]
    public void It_is_told_and_programs_do_not_inherit_its_variables()
    {
        ProgramContext context = Context(
            $"NOTIFY_SOCKET={_directory}/notify\0WATCHDOG_USEC=60000000\0LISTEN_FDS=1\0"
                + "LISTEN_PID=1\0LISTEN_FDNAMES=listener\0PATH=/bin\0");
        ServiceManager manager = ServiceManager.Of(context)!;
        Assert.Equal(["PATH"], context.Environment.Names);
        Assert.Equal(TimeSpan.FromSeconds(30), manager.Interval);
        Assert.Null(manager.Kept("listener")); // Of another process.
        manager.Ready();
        Assert.Equal("READY=1", Receive(out _));
    }

    [Fact]
    public void It_hears_as_often_as_it_wants_to_that_all_is_well()
    {
        ServiceManager manager = ServiceManager.Of(
            Context($"NOTIFY_SOCKET={_directory}/notify\0WATCHDOG_USEC=20000\0"))!;
        manager.Ready();
        Assert.Equal("READY=1", Receive(out _));
        Assert.Equal("WATCHDOG=1", Receive(out _));
        Assert.Equal("WATCHDOG=1", Receive(out _));
    }

    [Fact]
    public void A_watchdog_of_another_process_is_not_ours() => Assert.Null(ServiceManager.Of(
        Context($"NOTIFY_SOCKET={_directory}/notify\0WATCHDOG_USEC=20000\0WATCHDOG_PID=1\0"))!
        .Interval);

    [Fact]
    public void A_descriptor_is_kept()
    {
        ServiceManager manager =
            ServiceManager.Of(Context($"NOTIFY_SOCKET={_directory}/notify\0"))!;
        (int read, int write) = Fd.Pipe();
        manager.Keep("listener", write);
        Assert.Equal("FDSTORE=1\nFDNAME=listener", Receive(out int kept));
        Fd.WriteAll(kept, "x"u8);
        byte[] got = new byte[1];
        Assert.Equal(1, Fd.Read(read, got));
        Fd.Close(kept);
        Fd.Close(write);
        Fd.Close(read);
    }

    [Fact]
    public void A_manager_that_is_away_stops_nobody()
    {
        ServiceManager manager =
            ServiceManager.Of(Context($"NOTIFY_SOCKET={_directory}/nobody\0"))!;
        manager.Ready();
    }

    private string Receive(out int fd)
    {
        byte[] bytes = new byte[256];
        Assert.True(_manager.Poll(20_000_000, SelectMode.SelectRead));
        int length = FdPassing.Receive((int)_manager.Handle, bytes, out fd);
        return Encoding.ASCII.GetString(bytes, 0, length);
    }

    private static ProgramContext Context(string environment) => new(
        "tcpserver", [], ByteEnvironment.Parse(Encoding.ASCII.GetBytes(environment)), "/");
}
