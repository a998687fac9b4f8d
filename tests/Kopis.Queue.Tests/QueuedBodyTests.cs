using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Tests;

/// <summary>Bodies for those who deliver: whole or refused, whatever the envelope is like.
/// </summary>
public sealed class QueuedBodyTests
{
    // Kept in memory; read by place; at the limit of a segment; in a file of its own.
    [Theory, InlineData(0), InlineData(1), InlineData(65_536), InlineData(65_537)]
    [InlineData(QueueLimits.InlineBodyBytesMax), InlineData(QueueLimits.InlineBodyBytesMax + 1)]
    public void A_body_is_read_as_it_was_committed(int length)
    {
        using Store store = new();
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        ulong number = store.Commit(
            store.NewSubmission("before", "a@x"), store.NewSubmission(bytes, "b@x"),
            store.NewSubmission("after", "c@x"))[1];
        using QueuedBody body = QueuedBody.Open(
            FileSystem.Real, store.Home.Mess, number);
        Assert.Equal(length, body.Length);
        Assert.Equal(length > QueueLimits.InlineBodyBytesMax, body.HasOwnFile);
        byte[] read = new byte[length + 10];
        Assert.Equal(length, body.Read(0, read));
        Assert.Equal(bytes, read[..length]);
        int from = length / 2;
        Assert.Equal(Math.Min(3, length - from), body.Read(from, read.AsSpan(0, 3)));
        Assert.Equal(bytes[from..Math.Min(length, from + 3)], read[..Math.Min(3, length - from)]);
        Assert.Equal(0, body.Read(length, read));
        Assert.Equal(0, body.Read(length + 1, read));
    }

    [Theory, InlineData(0), InlineData(65_536), InlineData(65_537), InlineData(200_000)]
    [InlineData(QueueLimits.InlineBodyBytesMax), InlineData(QueueLimits.InlineBodyBytesMax + 1)]
    public void A_copy_has_what_is_neither_kept_nor_in_a_file_of_its_own(int length)
    {
        using Store store = new();
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        ulong number = store.Commit(
            store.NewSubmission(bytes, "b@x"), store.NewSubmission("after", "c@x"))[0];
        List<byte> copy = [];
        using QueuedBody body = QueuedBody.OpenAndCopy(
            FileSystem.Real, store.Home.Mess, number, piece => copy.AddRange(piece));
        Assert.Equal(length <= 65_536, body.IsKept);
        Assert.Equal(body.IsKept || body.HasOwnFile ? [] : bytes, copy);
    }

    [Fact]
    public void A_descriptor_that_is_given_away_is_not_closed()
    {
        using Store store = new();
        QueuedBody body = QueuedBody.Open(FileSystem.Real, store.Home.Mess, store.CommitThree()[0]);
        int fd = body.Detach();
        body.Dispose();
        Assert.True(Fd.Status(fd).IsRegular);
        Fd.Close(fd);
    }

    [Fact]
    public void Damage_to_any_bit_of_header_or_body_is_found()
    {
        using Store store = new();
        ulong[] numbers = store.CommitThree();
        byte[] whole = File.ReadAllBytes(store.SegmentPath(1));
        int start = (int)MessageNumber.Offset(numbers[1]);
        int envelope = "Fs@x\0Tb@x\0Tc@x\0\0".Length;
        for (int at = start; at < start + RecordHeader.Bytes + envelope + "second\n".Length; at++)
        {
            bool isEnvelope = at >= start + RecordHeader.Bytes
                && at < start + RecordHeader.Bytes + envelope;
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] flipped = [.. whole];
                flipped[at] ^= (byte)(1 << bit);
                File.WriteAllBytes(store.SegmentPath(1), flipped);
                if (isEnvelope)
                {
                    QueuedBody.Open(FileSystem.Real, store.Home.Mess, numbers[1]).Dispose();
                }
                else
                {
                    Assert.Throws<MessageNotFoundException>(
                        () => QueuedBody.Open(FileSystem.Real, store.Home.Mess, numbers[1]));
                }
            }
        }
    }

    [Fact]
    public void A_large_body_that_is_damaged_or_gone_is_found()
    {
        using Store store = new();
        ulong[] numbers = store.Commit(
            store.NewSubmission(new byte[100_000], "a@x"),
            store.NewSubmission(new byte[QueueLimits.InlineBodyBytesMax + 1], "b@x"));
        File.WriteAllText(MessStore.OwnFile(store.Home.Mess, numbers[1]), "short");
        Assert.Throws<MessageNotFoundException>(
            () => QueuedBody.Open(FileSystem.Real, store.Home.Mess, numbers[1]));
        MessStore.RemoveOwnFile(FileSystem.Real, store.Home.Mess, numbers[1]);
        Assert.Throws<MessageNotFoundException>(
            () => QueuedBody.Open(FileSystem.Real, store.Home.Mess, numbers[1]));
        byte[] segment = File.ReadAllBytes(store.SegmentPath(1));
        segment[90_000] = 1;
        File.WriteAllBytes(store.SegmentPath(1), segment);
        Assert.Throws<MessageNotFoundException>(
            () => QueuedBody.Open(FileSystem.Real, store.Home.Mess, numbers[0]));
        File.Delete(store.SegmentPath(1));
        Assert.Throws<MessageNotFoundException>(
            () => QueuedBody.Open(FileSystem.Real, store.Home.Mess, numbers[0]));
    }
}
