using Kopis.Host.Backup;
using Kopis.Posix;

namespace Kopis.Host.Tests.Backup;

public sealed class HomeReaderTests : IDisposable
{
    private const uint Owner = 1234;

    private readonly string _top = Directory.CreateTempSubdirectory("kopis-reader").FullName;
    private readonly BackupProgress _progress = new("test", isShown: false);
    private readonly BackupStore _store;
    private readonly HomeReader _reader;

    public HomeReaderTests()
    {
        Directory.CreateDirectory(Path.Combine(_top, "home/users"));
        _store = BackupStore.OpenToWrite(Path.Combine(_top, "backup"));
        _reader = new HomeReader(
            Path.Combine(_top, "home"), _store, new BackupMemory(null), _progress);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _store.Dispose();
        Directory.Delete(_top, recursive: true);
    }

    [Fact]
    public void A_users_file_that_cannot_be_opened_stops_no_backup()
    {
        string path = $"users/\u001b[{new string('x', 300)}";
        Assert.False(_reader.TryAddFile(path, Owner));
        Assert.Contains("file name too long", Assert.Single(_progress.Warnings));
        Assert.DoesNotContain('\u001b', _progress.Warnings[0]);
        PosixException e = Assert.Throws<PosixException>(() => _reader.TryAddFile(path, 0));
        Assert.DoesNotContain('\u001b', e.Message);
    }

    [Fact]
    public void A_users_hole_is_left_out()
    {
        using (FileStream file = File.Create(Path.Combine(_top, "home/users/hole")))
        {
            file.SetLength(1L << 40);
        }

        Assert.False(_reader.TryAddFile("users/hole", Owner));
        Assert.Contains("a hole", Assert.Single(_progress.Warnings));
        Assert.Empty(_reader.Entries);
    }

    [Fact]
    public void A_hole_in_the_queue_is_kept()
    {
        Directory.CreateDirectory(Path.Combine(_top, "home/queue/mess"));
        using (FileStream file = File.Create(Path.Combine(_top, "home/queue/mess/1")))
        {
            file.SetLength(8 << 20);
        }

        Assert.True(_reader.TryAddFile("queue/mess/1", Owner));
        Assert.Equal(8 << 20, Assert.Single(_reader.Entries).Value.Size);
        Assert.Empty(_progress.Warnings);
    }
}
