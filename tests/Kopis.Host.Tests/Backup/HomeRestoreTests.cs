using System.Security.Cryptography;
using Kopis.Host.Backup;
using Kopis.Posix;

namespace Kopis.Host.Tests.Backup;

public sealed class HomeRestoreTests : IDisposable
{
    private static readonly byte[] Content = "lines\n"u8.ToArray();
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData(Content));

    private readonly string _top = Directory.CreateTempSubdirectory("kopis-restore").FullName;

    public HomeRestoreTests()
    {
        string room = Path.Combine(_top, "backup/data", Hash[..2]);
        Directory.CreateDirectory(room);
        File.WriteAllBytes(Path.Combine(room, Hash), Content);
    }

    private string Home => Path.Combine(_top, "home");

    public void Dispose() => Directory.Delete(_top, recursive: true);

    [Fact]
    public void Files_come_back_with_their_times_and_modes()
    {
        DateTime time = new(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        Restore(
            Room("control"),
            OneFile("control/locals") with { ModifiedTicks = time.Ticks },
            new BackupEntry(BackupKind.Link, "control/servercert.pem", 0, "root", "root")
            {
                Content = "/old/tls/cert",
            });
        string file = Path.Combine(Home, "control/locals");
        Assert.Equal(Content, File.ReadAllBytes(file));
        Assert.Equal(time, File.GetLastWriteTimeUtc(file));
        Assert.Equal((UnixFileMode)0x1A0, File.GetUnixFileMode(file));
        Assert.Equal(
            $"{Home}/tls/cert",
            new FileInfo(Path.Combine(Home, "control/servercert.pem")).LinkTarget);
    }

    [Theory]
    [InlineData(nameof(BackupKind.File))]
    [InlineData(nameof(BackupKind.Link))]
    [InlineData(nameof(BackupKind.Directory))]
    public void Nothing_is_made_or_removed_through_a_link_of_the_backup(string word)
    {
        BackupKind kind = Enum.Parse<BackupKind>(word);
        string outside = Directory.CreateDirectory(Path.Combine(_top, "outside")).FullName;
        File.WriteAllText(Path.Combine(outside, "x"), "mine");
        Assert.Throws<PosixException>(() => Restore(
            Room("control"),
            new BackupEntry(BackupKind.Link, "control/out", 0, "root", "root")
            {
                Content = outside,
            },
            OneFile("control/out/x") with
            {
                Kind = kind,
                Content = kind == BackupKind.File ? Hash : "/etc",
            }));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(outside, "x")));
        Assert.Equal(["x"], Directory.GetFileSystemEntries(outside).Select(Path.GetFileName));
    }

    [Fact]
    public void A_number_gives_nothing_to_a_group()
    {
        BackupEntry named = new(BackupKind.File, "control/x", 0x1B6, "root", "root");
        Assert.Equal(0x1B6, HomeRestore.ModeOf(named));
        Assert.Equal(0x186, HomeRestore.ModeOf(named with { Group = "1234" }));
        Assert.Equal(0x186, HomeRestore.ModeOf(named with { Owner = "1234" }));
    }

    private static BackupEntry Room(string path) =>
        new(BackupKind.Directory, path, 0x1ED, "root", "root");

    private static BackupEntry OneFile(string path) =>
        new(BackupKind.File, path, 0x1A0, "root", "root")
        {
            Size = Content.Length,
            Content = Hash,
        };

    private void Restore(params BackupEntry[] entries)
    {
        using BackupStore store = BackupStore.Open(Path.Combine(_top, "backup"));
        new HomeRestore(
            Home,
            new BackupManifest
            {
                Began = DateTimeOffset.UnixEpoch,
                Home = "/old",
                Unfinished = 0,
                HasMail = false,
                Entries = entries,
            },
            store, new BackupProgress("test", isShown: false)).Run();
    }
}
