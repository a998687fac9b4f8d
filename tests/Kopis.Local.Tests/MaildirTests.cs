using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;
using Kopis.Queue.Intake;

namespace Kopis.Local.Tests;

/// <summary>Maildir deliveries whose every step fails in turn (contract §7.7): whatever fails,
/// <c>new</c> has no partial message, and success means that all of it is durable.</summary>
public sealed class MaildirTests : IDisposable
{
    private static readonly byte[] Body = new byte[MessageBody.BlockBytes * 2 + 17];

    private readonly string _maildir =
        Directory.CreateTempSubdirectory("kopis-maildir-").FullName + "/";

    public MaildirTests()
    {
        foreach (string part in (string[])["tmp", "new", "cur"])
        {
            Directory.CreateDirectory(_maildir + part);
        }
    }

    public void Dispose() => Directory.Delete(_maildir, recursive: true);

    [Fact]
    public void Steps_are_in_the_order_that_survives_a_crash()
    {
        FailingFiles files = new(failAt: -1);
        Assert.Null(Deliver(files));
        Assert.Equal(
            "Create Write Write Write Write Sync Link SyncDirectory Unlink",
            string.Join(' ', files.Steps));
        Assert.Equal(ExpectedLength, new FileInfo(Assert.Single(New())).Length);
        Assert.Empty(Directory.GetFiles(_maildir + "tmp"));
    }

    [Theory]
    [InlineData(0, 0)] // Create
    [InlineData(1, 0)] // Write
    [InlineData(3, 0)]
    [InlineData(5, 0)] // Sync
    [InlineData(6, 0)] // Link
    [InlineData(7, 0)] // SyncDirectory: the name is taken back.
    public void No_failure_leaves_a_message_behind(int failAt, int messages)
    {
        LocalFailure? failure = Deliver(new FailingFiles(failAt));
        Assert.Equal("Temporary error on maildir delivery. (#4.3.0)", Text(failure));
        Assert.Equal(messages, New().Length);
        Assert.Empty(Directory.GetFiles(_maildir + "tmp"));
    }

    [Fact]
    public void A_crash_at_any_step_leaves_new_empty_or_the_message_whole()
    {
        for (int step = 0; step < 9; step++)
        {
            FailingFiles files = new(step) { Crashes = true };
            Assert.Throws<CrashException>(() => Deliver(files));
            foreach (string message in New())
            {
                Assert.Equal(ExpectedLength, new FileInfo(message).Length);
                File.Delete(message);
            }
        }
    }

    [Fact]
    public void A_name_that_is_taken_is_not_used_again()
    {
        FailingFiles files = new(failAt: -1) { Taken = 2 };
        Assert.Null(Deliver(files));
        Assert.Equal(3, files.Steps.Count(step => step == "Create"));
        files = new(failAt: -1) { Taken = 3 };
        Assert.Equal("Temporary error on maildir delivery. (#4.3.0)", Text(Deliver(files)));
    }

    [Fact]
    public void A_message_that_cannot_be_read_is_told_apart()
    {
        (int read, int write) = Fd.Pipe(); // Cannot be read by place.
        using MessageBody body = MessageBody.InFile(read);
        LocalFailure? failure = Deliver(new FailingFiles(-1), body);
        Fd.Close(write);
        Assert.Equal("Unable to read message. (#4.3.0)", Text(failure));
        Assert.Empty(New());
        Assert.Empty(Directory.GetFiles(_maildir + "tmp"));
    }

    [Fact]
    public void Names_are_never_given_twice()
    {
        MaildirNames names = new(TimeProvider.System);
        string[] given = new string[1000];
        Parallel.For(0, given.Length, i => given[i] = ByteText.ToText(names.Next()));
        Assert.Equal(given.Length, given.Distinct().Count());
        Assert.All(given, name => Assert.Matches(@"^\d+\.M\d{1,6}P\d+Q\d+\..", name));
    }

    [Theory]
    [InlineData("mx.example", "mx.example")]
    [InlineData("a/b", "a\\057b")]
    [InlineData("/", "\\057")]
    [InlineData("../..", "..\\057..")]
    [InlineData("a:2,S", "a\\0722\\054S")]
    [InlineData("a,S=9", "a\\054S=9")]
    [InlineData("a\\b c\n", "a\\134b\\040c\\012")]
    [InlineData("j\u00f6", "j\\303\\266")]
    [InlineData("", "")]
    public void Host_names_mean_nothing_in_a_path(string host, string plain)
    {
        Assert.Equal(plain, MaildirNames.Plain(host));
        Assert.True(MaildirNames.Plain(new string(':', 70)).Length <= 64);
    }

    private static long ExpectedLength =>
        Body.Length + "Return-Path: <s@x>\nDelivered-To: l@h\n".Length;

    private static string Text(LocalFailure? failure) =>
        ByteText.ToText(Assert.IsType<LocalFailure>(failure).Text);

    private string[] New() => Directory.GetFiles(_maildir + "new");

    private LocalFailure? Deliver(FailingFiles files)
    {
        using MessageBody body = Blocked();
        return Deliver(files, body);
    }

    private static MessageBody Blocked()
    {
        int fd = UnnamedFile.InMemory("body");
        Fd.WriteAll(fd, Body);
        return MessageBody.InFile(fd);
    }

    private LocalFailure? Deliver(FailingFiles files, MessageBody body)
    {
        LocalSite site = new(new(), TimeProvider.System, new IntakePool("/none"), files, true);
        TraceLines lines = new("s@x"u8, "l@h"u8.ToArray(), DateTimeOffset.UnixEpoch);
        return new MaildirWriter(site).Deliver(ByteText.ToBytes(_maildir), lines, body);
    }


    private sealed class CrashException : Exception;

    /// <summary>The disk, until one step fails or the power does.</summary>
    private sealed class FailingFiles(int failAt) : IFileSystem
    {
        private readonly IFileSystem _disk = FileSystem.Real;
        private int _directory = -1;

        internal List<string> Steps { get; } = [];

        internal bool Crashes { get; init; }

        internal int Taken { get; set; }

        public bool Exists(ReadOnlySpan<byte> path, out int errno) =>
            _disk.Exists(path, out errno);

        public void Close(int fd) => _disk.Close(fd);

        public int TryOpen(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out int errno)
        {
            Step("Create");
            errno = Errno.Exists;
            return Taken-- > 0 ? -1 : _disk.TryOpen(path, flags, mode, out errno);
        }

        public int OpenDirectory(ReadOnlySpan<byte> path) =>
            _directory = _disk.OpenDirectory(path);

        public void Write(int fd, ReadOnlySpan<byte> from)
        {
            // Half of it gets there.
            _disk.Write(fd, Steps.Count == failAt ? from[..(from.Length / 2)] : from);
            Step("Write");
        }

        public void Sync(int fd)
        {
            Step(fd == _directory ? "SyncDirectory" : "Sync");
            _disk.Sync(fd);
        }

        public void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name)
        {
            Step("Link");
            _disk.Link(existing, name);
        }

        public bool TryUnlink(ReadOnlySpan<byte> path, out int errno)
        {
            Step("Unlink");
            return _disk.TryUnlink(path, out errno);
        }

        public ulong Device(int fd) => _disk.Device(fd);

        public void SyncFileSystem(int fd) => _disk.SyncFileSystem(fd);

        public void CheckWritten(int fd) => _disk.CheckWritten(fd);

        // What a delivery to a Maildir does not do.

        public long Size(int fd) => throw new NotSupportedException();

        public int ReadAt(int fd, Span<byte> to, long offset) =>
            throw new NotSupportedException();

        public void WriteAt(int fd, ReadOnlySpan<byte> from, long offset) =>
            throw new NotSupportedException();

        public void Truncate(int fd, long length) => throw new NotSupportedException();

        public bool PunchHole(int fd, long offset, long length) =>
            throw new NotSupportedException();

        public void SyncData(int fd) => throw new NotSupportedException();

        public void SyncDirectory(ReadOnlySpan<byte> path) => throw new NotSupportedException();

        public void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
            throw new NotSupportedException();

        public IReadOnlyList<string> FileNames(string directory) =>
            throw new NotSupportedException();

        public long FreeBytes(string path) => throw new NotSupportedException();

        private void Step(string name)
        {
            Steps.Add(name);
            bool gone = Crashes && Steps.Count > failAt; // Nothing happens after a crash.
            if (gone)
            {
                throw new CrashException();
            }

            if (Steps.Count - 1 == failAt)
            {
                throw new PosixException(name, Errno.InputOutput);
            }
        }
    }
}
