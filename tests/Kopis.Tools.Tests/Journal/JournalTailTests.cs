using Kopis.Tools.Journal;

namespace Kopis.Tools.Tests.Journal;

/// <summary>What follows the journal notices that it cannot.</summary>
public sealed class JournalTailTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_file_that_cannot_be_read_is_a_fault()
    {
        JournalTail tail = new(_directory);
        tail.ReadNew(static _ => { });
        File.CreateSymbolicLink(Path.Combine(_directory, "1.jsonl"), "/dev/null");
        Assert.ThrowsAny<IOException>(() => tail.ReadNew(static _ => { }));
    }

    [Fact]
    public void A_file_that_is_gone_is_none()
    {
        File.WriteAllText(Path.Combine(_directory, "1.jsonl"), "");
        JournalTail tail = new(_directory);
        File.Delete(Path.Combine(_directory, "1.jsonl"));
        tail.ReadNew(static _ => { });
    }
}
