using System.Security.Cryptography;
using System.Text;
using Kopis.Host.Backup;

namespace Kopis.Host.Tests.Backup;

public sealed class BackupManifestTests
{
    private static readonly string Hash = new('a', 64);

    [Fact]
    public void What_is_written_is_read()
    {
        BackupManifest written = Manifest(
            new BackupEntry(BackupKind.Directory, "control", 0x1ED, "root", "qmail"),
            new BackupEntry(BackupKind.Link, "control/servercert.pem", 0, "root", "qmail")
            {
                Content = "../tls/a b",
            },
            new BackupEntry(BackupKind.File, "users/mail/é%\udc80\n/x", 0x180, "alias", "65534")
            {
                Size = 7,
                ModifiedTicks = 99,
                Inode = ulong.MaxValue,
                Content = Hash,
            });
        BackupManifest read = BackupManifest.Parse(written.Format())!;
        Assert.Equal(written.Entries, read.Entries);
        Assert.Equal(
            (written.Began, written.Home, written.Unfinished, written.HasMail),
            (read.Began, read.Home, read.Unfinished, read.HasMail));
    }

    [Fact]
    public void A_list_that_is_cut_short_or_changed_is_none()
    {
        byte[] whole = Manifest(
            new BackupEntry(BackupKind.Directory, "control", 0x1ED, "root", "qmail")).Format();
        for (int i = 0; i < whole.Length; i++)
        {
            Assert.Null(BackupManifest.Parse(whole.AsSpan(0, i)));
            byte[] changed = [.. whole];
            changed[i] ^= 1;
            Assert.Null(BackupManifest.Parse(changed));
        }
    }

    /// <summary>A right hash is no proof: whoever wrote the list made it, too.</summary>
    [Theory]
    [InlineData("dir 755 root qmail ../etc")]
    [InlineData("dir 755 root qmail /etc")]
    [InlineData("dir 755 root qmail control/../../etc")]
    [InlineData("dir 755 root qmail control//x")]
    [InlineData("dir 755 root qmail control/%00")]
    [InlineData("dir 755 root qmail control/%2e%2e/x")]
    [InlineData("dir 755 root qmail bin")]
    [InlineData("dir 4755 root qmail control")]
    [InlineData("dir 888 root qmail control")]
    [InlineData("dir 755 ro-ot qmail control")]
    [InlineData("dir 755 root qmail control/%2")]
    [InlineData("link 755 root qmail  control/x")]
    [InlineData("link 755 root qmail /etc users/mail/x")]
    [InlineData("link 755 root qmail /etc control")]
    [InlineData("file 2755 root qmail 1 1 1 HASH control/x")]
    [InlineData("file 644 root qmail 1 1 1 ../../x control/x")]
    [InlineData("file 644 root qmail -1 1 1 HASH control/x")]
    [InlineData("file 644 root qmail 1 9223372036854775807 1 HASH control/x")]
    [InlineData("pipe 644 root qmail control/x")]
    [InlineData("")]
    public void What_no_home_has_is_refused(string line)
    {
        string[] lines = Encoding.ASCII.GetString(Manifest().Format()).Split('\n');
        byte[] text = Encoding.ASCII.GetBytes(
            string.Join('\n', lines[..^2]) + $"\n{line.Replace("HASH", Hash)}\n");
        byte[] all =
        [
            .. text,
            .. Encoding.ASCII.GetBytes($"end {Convert.ToHexStringLower(SHA256.HashData(text))}\n"),
        ];
        Assert.Null(BackupManifest.Parse(all));
    }

    private static BackupManifest Manifest(params BackupEntry[] entries) => new()
    {
        Began = new DateTimeOffset(2026, 11, 30, 1, 2, 3, TimeSpan.Zero),
        Home = "/var/q mail",
        Unfinished = 3,
        HasMail = true,
        Entries = entries,
    };
}
