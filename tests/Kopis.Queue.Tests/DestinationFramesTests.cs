using System.Buffers;
using System.Text;
using Kopis.Queue.Commands;

namespace Kopis.Queue.Tests;

/// <summary>Frames about destinations on the command socket.</summary>
public class DestinationFramesTests
{
    private static readonly ListedDestination Listed = new(
        Encoding.ASCII.GetBytes("relay [mx.example]:25"), DestinationState.Dead)
    {
        Running = 1,
        Window = 2,
        Waiting = 30_000,
        Rate = 100,
        RateMilliseconds = 60_000,
        NextTry = 1_800_000_000,
        Text = Encoding.ASCII.GetBytes("421 no\n"),
    };

    [Fact]
    public void A_destination_reads_as_it_was_written()
    {
        ListedDestination read = ListedDestination.Parse(Content())!;
        Assert.Equal(Listed.Name, read.Name);
        Assert.Equal(Listed.Text, read.Text);
        Assert.Equal(Listed, read with { Name = Listed.Name, Text = Listed.Text });
    }

    [Fact]
    public void A_destination_that_is_cut_or_goes_on_is_none()
    {
        byte[] content = Content();
        for (int i = 0; i < content.Length; i++)
        {
            Assert.Null(ListedDestination.Parse(content.AsSpan(0, i)));
        }

        Assert.Null(ListedDestination.Parse([.. content, 0]));
        content[2 + Listed.Name.Length] = 9; // The state.
        Assert.Null(ListedDestination.Parse(content));
    }

    [Theory]
    [InlineData("mx.example", QueueVerb.PauseDestination, true)]
    [InlineData("relay [mx.example]:25", QueueVerb.Destinations, true)]
    [InlineData("", QueueVerb.Destinations, false)]
    [InlineData("mx\u0001", QueueVerb.RetryDestination, false)]
    [InlineData(null, QueueVerb.RetryDestination, true)]
    [InlineData(null, QueueVerb.PauseDestination, false)]
    public void A_request_names_a_destination_as_a_name_may_be(
        string? name, QueueVerb verb, bool isPossible)
    {
        ArrayBufferWriter<byte> frame = new();
        new QueueRequest(verb, new QueueSelection
        {
            Destination = name is null ? null : Encoding.Latin1.GetBytes(name),
        }).Write(frame);
        QueueRequest? read = QueueRequest.Parse(
            (byte)verb, frame.WrittenSpan[QueueFrame.HeadBytes..]);
        Assert.Equal(isPossible, read is not null);
        Assert.True(read is null || read.IsAboutDestinations);
    }

    private static byte[] Content()
    {
        ArrayBufferWriter<byte> frame = new();
        Listed.Write(frame);
        Assert.Equal(QueueFrame.Destination, frame.WrittenSpan[sizeof(uint)]);
        return frame.WrittenSpan[QueueFrame.HeadBytes..].ToArray();
    }
}
