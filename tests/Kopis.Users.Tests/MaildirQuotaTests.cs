using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Quota;

namespace Kopis.Users.Tests;

public sealed class MaildirQuotaTests : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-quota");
    private readonly DirectoryInfo _maildir;

    public MaildirQuotaTests()
    {
        _maildir = _home.CreateSubdirectory("Maildir");
        foreach (string name in (string[])["tmp", "new", "cur"])
        {
            _maildir.CreateSubdirectory(name);
        }
    }

    private byte[] Path => ByteText.ToBytes(_maildir.FullName + "/");

    private string FileName => System.IO.Path.Combine(_maildir.FullName, "maildirsize");

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public void No_file_is_no_quota() =>
        Assert.Equal(QuotaVerdict.None, Judge(1));

    [Theory]
    [InlineData("1000S\n600 1\n", 400, QuotaVerdict.Fits)]
    [InlineData("1000S\n500 1\n100 1\n", 1001, QuotaVerdict.TooLarge)]
    [InlineData("1000S\n600 1\n", 401, QuotaVerdict.Full)]
    [InlineData("1000S,3C\n0 3\n", 1, QuotaVerdict.Full)]
    [InlineData("3C\n0 2\n", 1 << 30, QuotaVerdict.Fits)]
    [InlineData("0S\n0 2\n", 1 << 30, QuotaVerdict.None)]
    [InlineData("nonsense\n0 2\n", 1 << 30, QuotaVerdict.None)]
    [InlineData("1000S\n0 2", 1000, QuotaVerdict.Fits)] // Damaged: added up, and empty.
    public void By_the_file(string content, long bytes, QuotaVerdict expected)
    {
        File.WriteAllText(FileName, content);
        Assert.Equal(expected, Judge(bytes));
    }

    [Fact]
    public void A_no_of_several_lines_is_looked_into()
    {
        Put("new/1,S=300", 7); // The name's size counts.
        Put("cur/2:2,S", 200);
        Put("cur/3:2,ST", 5000);
        Put(".Sent/cur/4", 100);
        Put(".Trash/cur/5", 5000);
        Put("tmp/6", 5000);
        File.WriteAllText(FileName, "1000S\n900 1\n50 1\n");
        Assert.Equal(QuotaVerdict.Fits, Judge(400));
        Assert.Equal("1000S\n         600            3\n", File.ReadAllText(FileName));
        Assert.Equal(QuotaVerdict.Full, Judge(401));
        MaildirQuota.Add(Path, 400, 1);
        Assert.Equal(1000, MaildirSizeFile.Read(Path)!.Value.Bytes);
        Assert.True(IsFull());
        Assert.Empty(Directory.GetFiles(
            System.IO.Path.Combine(_maildir.FullName, "tmp"), "maildirsize*"));
    }

    [Fact]
    public void A_no_that_is_old_is_looked_into_by_the_delivery_and_not_believed_before()
    {
        File.WriteAllText(FileName, "1000S\n1000 1\n");
        Assert.Equal(QuotaVerdict.Full, Judge(10));
        Assert.True(IsFull());
        File.SetLastWriteTimeUtc(FileName, DateTime.UtcNow.AddMinutes(-16));
        Assert.False(IsFull());
        Assert.Equal(QuotaVerdict.Fits, Judge(10));
    }

    [Fact]
    public void A_long_file_is_made_short()
    {
        Put("new/1", 100);
        File.WriteAllText(FileName, "1000S\n" + string.Concat(Enumerable.Repeat("1 1\n", 1300)));
        Assert.Equal(QuotaVerdict.Fits, Judge(100));
        Assert.Equal("1000S\n         100            1\n", File.ReadAllText(FileName));
    }

    [Fact]
    public void What_is_no_file_is_no_quota_and_holds_nobody()
    {
        Paths.TryMakeFifo(FileName, 0x180);
        Assert.Equal(QuotaVerdict.None, Judge(1));
        Assert.False(IsFull());
        MaildirQuota.Add(Path, 1, 1);
    }

    private bool IsFull()
    {
        using Beneath home = new(_home.FullName);
        return MaildirSizeFile.IsFull(home);
    }

    private QuotaVerdict Judge(long bytes) =>
        MaildirQuota.Judge(Path, bytes, TimeProvider.System);

    private void Put(string name, int bytes)
    {
        string path = System.IO.Path.Combine(_maildir.FullName, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(
            System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, "../new"));
        File.WriteAllBytes(path, new byte[bytes]);
    }
}
