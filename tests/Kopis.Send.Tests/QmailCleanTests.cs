using System.Text;
using Kopis.Posix;
using Kopis.Send.Clean;

namespace Kopis.Send.Tests;

public sealed class QmailCleanTests : IDisposable
{
    private readonly DirectoryInfo _mess = Directory.CreateTempSubdirectory("kopis-clean");

    public void Dispose() => _mess.Delete(recursive: true);

    [Fact]
    public void A_finished_body_and_a_finished_segment_are_removed()
    {
        Touch("8388631");
        Touch("seg-0000000000000001");
        Touch("seg-0000000000000002");
        Touch("8388640"); // Its own removal was lost in a crash.
        Touch("16777240"); // Of the next segment.
        Assert.Equal('+', Ask("foop/8388631"));
        Assert.Equal('+', Ask("segm/1"));
        Assert.Equal(["16777240", "seg-0000000000000002"],
            _mess.GetFiles().Select(file => file.Name).Order());
    }

    [Fact]
    public void The_newest_segment_is_never_touched()
    {
        Touch("seg-0000000000000002");
        Assert.Equal('!', Ask("segm/2"));
        Assert.Equal('!', Ask("segm/3"));
        Assert.Equal('!', Ask("hole/2/4096/4096"));
        Assert.Single(_mess.GetFiles());
    }

    [Theory]
    [InlineData("")]
    [InlineData("foop")]
    [InlineData("foop/")]
    [InlineData("foop/../../etc/passwd")]
    [InlineData("foop/1/2")]
    [InlineData("foop/-1")]
    [InlineData("foop/01")]
    [InlineData("foop/1 ")]
    [InlineData("foop/99999999999999999999")]
    [InlineData("segm/x")]
    [InlineData("hole/1/2")]
    [InlineData("hole/1/2/0")]
    [InlineData("hole/1/16/4096")] // The segment's header is there.
    [InlineData("hole/1/2/3/4")]
    [InlineData("todo/1")]
    [InlineData("rmrf/1")]
    public void What_is_no_request_does_nothing(string request)
    {
        Touch("1");
        Touch("seg-0000000000000001");
        Touch("seg-0000000000000002");
        Assert.Equal('x', Ask(request));
        Assert.Equal(3, _mess.GetFiles().Length);
    }

    private char Ask(string request) =>
        (char)new CleanServer(FileSystem.Real, _mess.FullName)
            .Answer(Encoding.ASCII.GetBytes(request));

    private void Touch(string name) =>
        File.WriteAllText(Path.Combine(_mess.FullName, name), "");
}
