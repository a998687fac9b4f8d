using System.Text;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Writer;

namespace Kopis.Queue.Tests;

/// <summary>A home and a segment writer on it, without sockets or threads.</summary>
internal sealed class Store : IDisposable
{
    private int _incoming;

    internal Store(ulong lastSegment = 0) =>
        Writer = new SegmentWriter(Home.Mess, Disk, lastSegment);

    internal QueueHome Home { get; } = new();

    internal TestDisk Disk { get; } = new();

    internal MemoryBudget Budget { get; } = new(256L * 1024 * 1024);

    internal SegmentWriter Writer { get; }

    internal static DateTimeOffset Arrival { get; } =
        new(2026, 11, 24, 1, 2, 3, 456, TimeSpan.Zero);

    internal IntakeMessage NewSubmission(string body, params string[] recipients) =>
        NewSubmission(Encoding.Latin1.GetBytes(body), recipients);

    internal IntakeMessage NewSubmission(byte[] body, params string[] recipients) =>
        NewSubmission(body, Envelope.Format(
            "s@x"u8, recipients.Select(
                name => (ReadOnlyMemory<byte>)Encoding.Latin1.GetBytes(name))));

    internal IntakeMessage NewSubmissionWithEnvelope(string envelope) =>
        NewSubmission([], Encoding.Latin1.GetBytes(envelope));

    private IntakeMessage NewSubmission(byte[] body, byte[] envelope)
    {
        IntakeMessage intake = new(Budget, Disk, () => Path.Combine(
            MessStore.Incoming(Home.Mess), $"{++_incoming}"))
        {
            Arrived = Arrival,
            Qp = 77,
            Uid = 1000,
            Origin = MessageOrigin.Network,
        };
        intake.AddBody(body);
        intake.AddEnvelope(envelope);
        intake.Finish();
        if (intake.Fd >= 0)
        {
            intake.SyncFile();
        }

        Assert.Equal(0, intake.Code);
        return intake;
    }

    /// <summary>Commits and gives the numbers; the batch must fit one segment.</summary>
    internal ulong[] Commit(params IntakeMessage[] batch)
    {
        try
        {
            ulong[] numbers = Writer.Commit(batch);
            Assert.Equal(batch.Length, numbers.Length);
            return numbers;
        }
        finally
        {
            Array.ForEach(batch, intake => intake.Dispose());
        }
    }

    /// <summary>Three small messages in one segment; their numbers.</summary>
    internal ulong[] CommitThree() => Commit(
        NewSubmission("first", "a@x"), NewSubmission("second\n", "b@x", "c@x"),
        NewSubmission("", "d@x"));

    internal string SegmentPath(ulong segment) => SegmentFile.Name(Home.Mess, segment);

    /// <summary>A later, empty segment: what is torn before it can no longer be in progress.
    /// </summary>
    internal void BeginNextSegment(ulong segment)
    {
        byte[] header = new byte[SegmentFile.HeaderBytes];
        SegmentFile.WriteHeader(header);
        File.WriteAllBytes(SegmentPath(segment), header);
    }

    internal PosixException CommitFails(params IntakeMessage[] batch) =>
        Assert.Throws<PosixException>(() => Commit(batch));

    public void Dispose()
    {
        Writer.Dispose();
        Home.Dispose();
    }
}
