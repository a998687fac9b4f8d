using Kopis.Base;

namespace Kopis.Posix.Tests;

public sealed class FdTests
{
    [Fact]
    public void A_child_gets_the_descriptors_named_and_no_other()
    {
        (int read, int write) = Fd.Pipe();
        (int other, int otherWrite) = Fd.Pipe();
        int pid = new ProcessStart
        {
            Path = "/bin/sh",
            Arguments = ["sh"u8.ToArray(), "-c"u8.ToArray(),
                "ls /proc/self/fd | tr '\\n' ' ' >&7"u8.ToArray()],
            Environment = ByteEnvironment.Parse("PATH=/usr/bin:/bin\0"u8),
            Descriptors = new Dictionary<int, int> { [7] = write },
        }.Start();
        Fd.Close(write);
        Span<byte> got = stackalloc byte[100];
        int length = Fd.Read(read, got);
        Assert.Equal(0, Processes.Wait(pid).ExitCode);
        string listed = ByteText.ToText(got[..length]);
        Assert.DoesNotContain($" {other} ", $" {listed}", StringComparison.Ordinal);
        Assert.Contains(" 7 ", $" {listed}", StringComparison.Ordinal);
        Fd.Close(read);
        Fd.Close(other);
        Fd.Close(otherWrite);
    }

    [Fact]
    public void Descriptors_may_be_exchanged()
    {
        (int read, int write) = Fd.Pipe();
        (int read2, int write2) = Fd.Pipe();
        int pid = new ProcessStart
        {
            Path = "/bin/bash", // dash knows no descriptors above 9.
            Arguments = ["bash"u8.ToArray(), "-c"u8.ToArray(),
                System.Text.Encoding.ASCII.GetBytes($"printf a >&{write2}; printf b >&{write}")],
            Environment = new ByteEnvironment(),
            Descriptors = new Dictionary<int, int> { [write] = write2, [write2] = write },
        }.Start();
        Assert.Equal(0, Processes.Wait(pid).ExitCode);
        Span<byte> one = stackalloc byte[1];
        Fd.Read(read, one);
        Assert.Equal((byte)'a', one[0]);
        Fd.Read(read2, one);
        Assert.Equal((byte)'b', one[0]);
        Array.ForEach([read, write, read2, write2], Fd.Close);
    }

    [Fact]
    public void What_is_not_there_cannot_be_run()
    {
        ProcessStart start = new()
        {
            Path = "/nonexistent/program",
            Arguments = ["program"u8.ToArray()],
            Environment = new ByteEnvironment(),
        };
        Assert.Equal(Errno.NoEntry, Assert.Throws<PosixException>(() => start.Start()).Number);
    }

    [Fact]
    public void A_descriptor_passes_through_a_socket_with_its_bytes()
    {
        (int first, int second) = Fd.SocketPair();
        int file = UnnamedFile.InMemory("passed");
        Fd.WriteAll(file, "content"u8);
        FdPassing.Send(first, "hello"u8, file);
        FdPassing.Send(first, "again"u8, -1);
        Span<byte> got = stackalloc byte[5];
        Assert.Equal(5, FdPassing.Receive(second, got, out int passed));
        Assert.NotEqual(-1, passed);
        Span<byte> content = stackalloc byte[10];
        Assert.Equal(7, Fd.ReadAt(passed, content, 0));
        Assert.Equal(5, FdPassing.Receive(second, got, out int none));
        Assert.Equal(-1, none);
        Array.ForEach([first, second, file, passed], Fd.Close);
    }

    [Fact]
    public void The_kernel_names_the_peer()
    {
        (int first, int second) = Fd.SocketPair();
        Assert.Equal(Processes.Id, Credentials.OfPeer(first).Pid);
        Assert.Equal(Processes.Uid, Credentials.OfPeer(second).Uid);
        Fd.Close(first);
        Fd.Close(second);
    }

    [Fact]
    public void Status_tells_type_size_and_owner()
    {
        FileStatus? status = Fd.TryStatus("/\0"u8, out int errno);
        Assert.Equal(0, errno);
        Assert.True(status!.Value.IsDirectory);
        Assert.Equal(0u, status.Value.Uid);
        Assert.Null(Fd.TryStatus("/nonexistent\0"u8, out errno));
        Assert.Equal(Errno.NoEntry, errno);
    }

    [Fact]
    public void A_path_without_its_nul_is_refused() =>
        Assert.Throws<ArgumentException>(
            () => Fd.TryOpen("/etc"u8, OpenFlags.ReadOnly, out _));
}
