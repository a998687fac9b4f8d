using System.Text;

namespace Kopis.Posix.Tests;

public sealed class BoundedFileTests : IDisposable
{
    private readonly string _directory =
        Directory.CreateTempSubdirectory("kopis-bounded").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(100_000)]
    public void A_file_of_any_length_is_read_whole_and_never_more_than_the_bound(int length)
    {
        byte[] content = new byte[length];
        Random.Shared.NextBytes(content);
        File.WriteAllBytes(In("file"), content);
        Assert.Equal(content, BoundedFile.TryRead(In("file"), length, out int errno));
        Assert.Equal(0, errno);
        if (length > 0)
        {
            Assert.Null(BoundedFile.TryRead(In("file"), length - 1, out errno));
            Assert.Equal(Errno.FileTooLarge, errno);
        }
    }

    [Theory]
    [InlineData(0, 1 << 20, false)]
    [InlineData(0, (1 << 20) + 1, true)]
    [InlineData(2 << 20, 5 << 20, false)]
    [InlineData(2 << 20, 1L << 40, true)]
    public void A_file_that_is_mostly_a_hole_is_told(int data, long size, bool isHole)
    {
        using FileStream file = File.Create(In("sparse"));
        file.Write(new byte[data]);
        file.SetLength(size);
        file.Flush(flushToDisk: true);
        Assert.Equal(isHole, BoundedFile.IsMostlyHole((int)file.SafeFileHandle
            .DangerousGetHandle(), size));
    }

    [Fact]
    public void A_file_whose_size_is_not_told_is_read_to_its_end()
    {
        Assert.NotEmpty(BoundedFile.Read("/proc/self/status", 64 * 1024));
        Assert.Null(BoundedFile.TryRead("/proc/self/status", 10, out int errno));
        Assert.Equal(Errno.FileTooLarge, errno);
    }

    [Fact]
    public void What_is_no_regular_file_is_refused_at_once()
    {
        Paths.TryMakeFifo(In("fifo"), 0x1A4);
        foreach ((string path, int expected) in ((string, int)[])[
            (In("fifo"), Errno.NoDeviceOrAddress), ("/dev/zero", Errno.NoDeviceOrAddress),
            (_directory, Errno.IsDirectory), (In("none"), Errno.NoEntry),
            (In("none/below"), Errno.NoEntry)])
        {
            Assert.Null(BoundedFile.TryRead(path, 100, out int errno));
            Assert.Equal(expected, errno);
        }
    }

    [Fact]
    public void Lines()
    {
        File.WriteAllText(In("file"), "one\ntwo");
        Assert.Equal(["one", "two"], BoundedFile.Lines(In("file"), 100));
        Assert.Empty(BoundedFile.Lines(In("none"), 100));
        Assert.Throws<PosixException>(() => BoundedFile.Lines(In("file"), 2));
    }

    [Fact]
    public void Beneath_a_directory_no_link_is_followed_and_the_owner_is_asked()
    {
        File.WriteAllText(In("file"), "text");
        File.CreateSymbolicLink(In("link"), "file");
        Directory.CreateDirectory(In("below"));
        File.CreateSymbolicLink(In("below/up"), "..");
        Paths.TryMakeFifo(In("fifo"), 0x1A4);
        using Beneath tree = new(_directory);
        Assert.Equal("text"u8.ToArray(), tree.TryReadFile("file", 4, out _));
        foreach ((string name, int expected) in ((string, int)[])[
            ("link", Errno.Loop), ("below/up/file", Errno.Loop), ("none", Errno.NoEntry),
            ("fifo", Errno.NoDeviceOrAddress), ("below", Errno.IsDirectory)])
        {
            Assert.Null(tree.TryReadFile(name, 4, out int errno));
            Assert.Equal(expected, errno);
        }

        Assert.Null(tree.TryReadFile("file", 3, out int tooLarge));
        Assert.Equal(Errno.FileTooLarge, tooLarge);
        uint uid = Processes.EffectiveUid;
        Assert.NotNull(tree.TryReadFile("file", 4, out _, uid));
        Assert.Null(tree.TryReadFile("file", 4, out int anothers, uid + 1));
        Assert.Equal(Errno.NotPermitted, anothers);
        Assert.Equal(
            ["below", "fifo", "file", "link"],
            tree.TryList("", out _)!.Order(StringComparer.Ordinal));
        tree.Rename("file", "below/moved");
        Assert.Equal("text", File.ReadAllText(In("below/moved"), Encoding.ASCII));
    }

    [Fact]
    public void A_directory_of_our_own_is_one_that_no_link_leads_to_and_nobody_else_may_write_to()
    {
        Directory.CreateDirectory(In("own"));
        Paths.ChangeMode(In("own"), 0x1C0);
        File.CreateSymbolicLink(In("link"), "own");
        using (Beneath? own = Beneath.TryOpenOwn(In("own")))
        {
            Assert.NotNull(own);
        }

        Assert.Null(Beneath.TryOpenOwn(In("link")));
        Paths.ChangeMode(In("own"), 0x1D0); // 0720
        Assert.Null(Beneath.TryOpenOwn(In("own")));
        Assert.Throws<PosixException>(() => Beneath.TryOpenOwn(In("none")));
    }

    // What depends on owners is in tests/programs/test_hostile_names.py.
    [Fact]
    public void Links_that_root_may_follow_lead_as_far_as_forty_and_to_where_open_would()
    {
        Assert.SkipUnless(Processes.EffectiveUid == 0, "the links are root's");
        File.WriteAllText(In("file"), "text");
        Directory.CreateDirectory(In("a/b"));
        string last = "file";
        for (int i = 0; i < 40; i++)
        {
            File.CreateSymbolicLink(In($"link{i}"), i % 2 == 0 ? last : In(last));
            last = $"a/../a/b/./../..//link{i}";
        }

        int fd = RootsLinks.TryOpen(In("link3"), onlyRoots: true, out int errno);
        Assert.Equal(0, errno);
        Assert.Equal("text"u8.ToArray(), BoundedFile.TryTake(fd, 10, ref errno));
        File.CreateSymbolicLink(In("around"), "around");
        File.CreateSymbolicLink(In("nowhere"), "a/none");
        File.CreateSymbolicLink(In("directory"), "a/b");
        Assert.Equal(-1, RootsLinks.TryOpen(In("around"), onlyRoots: true, out errno));
        Assert.Equal(Errno.Loop, errno);
        Assert.Equal(-1, RootsLinks.TryOpen(In("nowhere"), onlyRoots: true, out errno));
        Assert.Equal(Errno.NoEntry, errno);
        errno = 0;
        Assert.Null(BoundedFile.TryTake(
            RootsLinks.TryOpen(In("directory"), onlyRoots: true, out errno), 10, ref errno));
        Assert.Equal(Errno.IsDirectory, errno);
    }

    private string In(string name) => Path.Combine(_directory, name);
}
