using System.Text;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Writer;

namespace Kopis.Queue.Tests;

/// <summary>Records on disk: what was committed is read; one bad record harms itself alone
/// (invariant 4).</summary>
public sealed class RecordTests
{
    [Fact]
    public void A_message_is_read_as_it_was_committed()
    {
        using Store store = new();
        ulong number = store.Commit(store.NewSubmission("Subject: x\n\n\0\xff", "a@x", "b@y"))[0];
        using MessageFile file = MessageFile.Open(store.Home.Mess, number);
        Assert.Equal("s@x>a@x,b@y:Subject: x\n\n\0\xff", QueueHome.Describe(file));
        Assert.Equal(number, file.Number);
        Assert.Equal(Store.Arrival, file.Arrived);
        Assert.Equal((1000u, 77u, MessageOrigin.Network), (file.Uid, file.Qp, file.Origin));
        Assert.False(file.HasOwnFile);
        byte[] part = new byte[3];
        Assert.Equal(3, file.ReadBody(9, part));
        Assert.Equal("x\n\n", Encoding.Latin1.GetString(part));
        Assert.Equal(1, file.ReadBody(13, part));
        Assert.Equal(0, file.ReadBody(14, part));
    }

    [Fact]
    public void Parameters_stand_in_the_record_and_are_flagged_there()
    {
        using Store store = new();
        IntakeMessage with = store.NewSubmissionWithEnvelope(
            "Fs@x\0PRET=FULL\0Ta@x\0PNOTIFY=NEVER\0\0");
        ulong[] numbers = store.Commit(with, store.NewSubmission("x", "P@x"));
        using MessageFile file = MessageFile.Open(store.Home.Mess, numbers[0]);
        Assert.True(file.HasParameters);
        Assert.Equal("RET=FULL"u8, file.Envelope.Parameters.Span);
        using MessageFile plain = MessageFile.Open(store.Home.Mess, numbers[1]);
        Assert.False(plain.HasParameters || plain.Envelope.HasParameters);
        Assert.Equal(2, store.Home.Messages().Count);
    }

    [Fact]
    public void A_large_body_has_a_file_of_its_own()
    {
        using Store store = new();
        byte[] body = new byte[QueueLimits.InlineBodyBytesMax + 1];
        new Random(1).NextBytes(body);
        ulong[] numbers = store.Commit(
            store.NewSubmission("small", "a@x"), store.NewSubmission(body, "b@x"),
            store.NewSubmission("after", "c@x"));
        using MessageFile file = MessageFile.Open(store.Home.Mess, numbers[1]);
        Assert.True(file.HasOwnFile);
        Assert.Equal(0, file.BodyOffset);
        byte[] read = new byte[body.Length];
        file.ReadBody(0, read);
        Assert.Equal(body, read);
        Assert.Equal([$"{store.Home.Mess}/{numbers[1]}"], store.Home.OtherFiles());
        Assert.Equal(3, store.Home.Messages().Count);
        Assert.True(new FileInfo(store.SegmentPath(1)).Length < 1000);
    }

    [Fact]
    public void A_body_of_just_the_limit_is_inline_and_an_envelope_may_be_longer_than_a_write()
    {
        using Store store = new();
        byte[] body = new byte[QueueLimits.InlineBodyBytesMax];
        string[] recipients = [.. Enumerable.Range(0, 100_000).Select(n => $"user{n}@example")];
        store.Commit(
            store.NewSubmission(body, "a@x"), store.NewSubmission("list", recipients),
            store.NewSubmission("after", "c@x"));
        List<string> messages = store.Home.Messages();
        Assert.Equal($"s@x>{string.Join(',', recipients)}:list", messages[1]);
        Assert.Equal("s@x>c@x:after", messages[2]);
        Assert.Empty(store.Home.OtherFiles());
    }

    [Fact]
    public void A_tail_torn_at_any_byte_leaves_what_is_before_it()
    {
        using Store store = new();
        ulong[] numbers = store.CommitThree();
        byte[] whole = File.ReadAllBytes(store.SegmentPath(1));
        for (int cut = SegmentFile.HeaderBytes; cut < whole.Length; cut++)
        {
            File.WriteAllBytes(store.SegmentPath(1), whole[..cut]);
            int left = numbers.Count(n => RecordEnd(numbers, n, whole.Length) <= cut);

            // In the newest segment the rest may still come ...
            (List<string> messages, List<string> damage) = store.Home.Scan();
            Assert.Equal((left, 0), (messages.Count, damage.Count));

            // ... in an older one it never will.
            store.BeginNextSegment(2);
            (messages, damage) = store.Home.Scan();
            bool isClean = numbers.Append(MessageNumber.Of(1, whole.Length))
                .Any(n => MessageNumber.Offset(n) == cut);
            Assert.Equal((left, isClean ? 0 : 1), (messages.Count, damage.Count));
            File.Delete(store.SegmentPath(2));
        }
    }

    [Fact]
    public void A_record_that_is_being_written_is_read_once_it_is_whole()
    {
        using Store store = new();
        store.CommitThree();
        byte[] whole = File.ReadAllBytes(store.SegmentPath(1));
        File.Delete(store.SegmentPath(1));
        using MessageScanner scanner = new(store.Home.Mess, ScanPosition.Start);
        Assert.Equal(ScanResult.End, scanner.Next());
        int met = 0;
        for (int length = SegmentFile.HeaderBytes; length <= whole.Length; length++)
        {
            File.WriteAllBytes(store.SegmentPath(1), whole[..length]);
            ScanResult got = scanner.Next();
            Assert.NotEqual(ScanResult.Damaged, got);
            if (got == ScanResult.Message)
            {
                scanner.Current!.Dispose();
                met++;
            }
        }

        Assert.Equal(3, met);
        Assert.Equal(new ScanPosition(1, whole.Length), scanner.Position);
    }

    [Trait("Size", "large")]
    [Fact]
    public void A_flipped_bit_anywhere_harms_that_record_alone()
    {
        using Store store = new();
        ulong[] numbers = store.CommitThree();
        string[] all = [.. store.Home.Messages()];
        byte[] whole = File.ReadAllBytes(store.SegmentPath(1));
        for (int bit = 0; bit < whole.Length * 8; bit++)
        {
            byte[] flipped = [.. whole];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(store.SegmentPath(1), flipped);
            store.BeginNextSegment(2);
            (List<string> messages, List<string> damage) = store.Home.Scan();
            int victim = Array.FindLastIndex(
                numbers, n => MessageNumber.Offset(n) <= bit / 8);
            if (victim < 0 || IsPadding(whole, numbers, victim, bit / 8))
            {
                Assert.Equal(all, messages); // The segment's header, or nothing of any record.
                Assert.Empty(damage);
            }
            else
            {
                Assert.Equal(all.Where((_, i) => i != victim), messages);
                Assert.Single(damage);
                Assert.Throws<MessageNotFoundException>(
                    () => MessageFile.Open(store.Home.Mess, numbers[victim]));
            }
        }
    }

    [Fact]
    public void A_hole_is_passed_over_and_what_follows_is_found()
    {
        using Store store = new();
        byte[] body = new byte[200_000]; // More than one window of the search.
        ulong[] numbers = store.Commit(
            store.NewSubmission("first", "a@x"), store.NewSubmission(body, "b@x"),
            store.NewSubmission("third", "c@x"));
        long from = MessageNumber.Offset(numbers[1]);
        long to = MessageNumber.Offset(numbers[2]);
        Assert.False(MessStore.PunchHole(
            Posix.FileSystem.Real, store.Home.Mess, 1, from, to - from)); // The newest.
        store.BeginNextSegment(2);
        Assert.True(MessStore.PunchHole(
            Posix.FileSystem.Real, store.Home.Mess, 1, from, to - from));
        (List<string> messages, List<string> damage) = store.Home.Scan();
        Assert.Equal(["s@x>a@x:first", "s@x>c@x:third"], messages);
        Assert.Equal($"{to - from} bytes at 1:{from} are not a record", Assert.Single(damage));
    }

    [Fact]
    public void A_record_told_in_a_body_is_no_record()
    {
        using Store store = new();
        store.CommitThree();
        byte[] forged = File.ReadAllBytes(store.SegmentPath(1))[SegmentFile.HeaderBytes..];
        store.Commit(store.NewSubmission(forged, "e@x"));
        byte[] bytes = File.ReadAllBytes(store.SegmentPath(1));
        bytes[SegmentFile.HeaderBytes + forged.Length] ^= 1; // The search walks over that body.
        File.WriteAllBytes(store.SegmentPath(1), bytes);
        store.BeginNextSegment(2);
        (List<string> messages, List<string> damage) = store.Home.Scan();
        Assert.Equal((3, 1), (messages.Count, damage.Count));
    }

    [Fact]
    public void A_full_segment_is_followed_by_the_next()
    {
        using Store store = new(lastSegment: 6);
        byte[] body = new byte[QueueLimits.InlineBodyBytesMax];
        int count = 0;
        while (!File.Exists(store.SegmentPath(8)))
        {
            store.Commit(store.NewSubmission(body, $"{++count}@x"));
        }

        long size = new FileInfo(store.SegmentPath(7)).Length;
        Assert.InRange(size, MessageNumber.SegmentStartsBelow,
            MessageNumber.SegmentStartsBelow + body.Length + 200);
        using MessageScanner scanner = new(store.Home.Mess, ScanPosition.Start);
        for (int i = 1; i <= count; i++)
        {
            Assert.Equal(ScanResult.Message, scanner.Next());
            using MessageFile file = scanner.Current!;
            ReadOnlyMemory<byte> recipient = file.Envelope.Recipients.Single();
            Assert.Equal($"{i}@x", Encoding.ASCII.GetString(recipient.Span));
            Assert.Equal(i == count ? 8u : 7u, MessageNumber.Segment(file.Number));
            Assert.True(file.Number
                < MessageNumber.Of(scanner.Position.Segment, scanner.Position.Offset));
        }

        Assert.Equal(ScanResult.End, scanner.Next());
    }

    [Fact]
    public void A_batch_ends_with_its_segment()
    {
        using Store store = new();
        byte[] body = new byte[QueueLimits.InlineBodyBytesMax];
        IntakeMessage[] batch = [.. Enumerable.Range(0, 300).Select(n => store.NewSubmission(
            n % 100 == 0 ? new byte[1] : body, $"{n}@x"))];
        ulong[] first = store.Writer.Commit(batch);
        ulong[] second = store.Writer.Commit(batch.AsSpan(first.Length));
        Assert.Equal(300, first.Length + second.Length);
        Assert.All(first, number => Assert.Equal(1u, MessageNumber.Segment(number)));
        Assert.All(second, number => Assert.Equal(2u, MessageNumber.Segment(number)));
        Assert.Equal(2, store.Disk.Count("SyncData"));
        Assert.Equal(300, store.Home.Messages().Count);
        Array.ForEach(batch, intake => intake.Dispose());
    }

    [Fact]
    public void A_later_format_is_refused_and_a_damaged_header_is_not_taken_for_one()
    {
        using Store store = new();
        store.CommitThree();
        byte[] bytes = File.ReadAllBytes(store.SegmentPath(1));
        bytes[8] = 4;
        File.WriteAllBytes(store.SegmentPath(1), bytes);
        Assert.Equal(3, store.Home.Messages().Count);
        BitConverter.TryWriteBytes(bytes.AsSpan(12), Base.Crc32C.Of(bytes.AsSpan(0, 12)));
        File.WriteAllBytes(store.SegmentPath(1), bytes);
        Assert.Throws<Base.ConfigurationException>(() => store.Home.Scan());
    }

    [Fact]
    public void Strange_files_are_no_segments()
    {
        using Store store = new();
        store.CommitThree();
        foreach (string name in (string[])["seg-", "seg-2", "seg-000000000000000A",
            "seg-0000000000000002.bak", "seg-00000000000000-2", "SEG-0000000000000002"])
        {
            File.WriteAllText(Path.Combine(store.Home.Mess, name), "x");
        }

        Assert.Equal([1UL], MessStore.Segments(Posix.FileSystem.Real, store.Home.Mess));
    }

    [Fact]
    public void Only_finished_segments_are_removed()
    {
        using Store store = new();
        store.CommitThree();
        Assert.False(MessStore.RemoveSegment(Posix.FileSystem.Real, store.Home.Mess, 1));
        store.BeginNextSegment(2);
        Assert.True(MessStore.RemoveSegment(Posix.FileSystem.Real, store.Home.Mess, 1));
        Assert.False(MessStore.RemoveSegment(Posix.FileSystem.Real, store.Home.Mess, 2));
        Assert.False(MessStore.RemoveSegment(Posix.FileSystem.Real, store.Home.Mess, 3));
        Assert.Equal([2UL], MessStore.Segments(Posix.FileSystem.Real, store.Home.Mess));
        using MessageScanner scanner = new(store.Home.Mess, new ScanPosition(1, 100));
        Assert.Equal(ScanResult.End, scanner.Next());
        Assert.Equal(2UL, scanner.Position.Segment);
    }

    private static long RecordEnd(ulong[] numbers, ulong number, long size)
    {
        int next = Array.IndexOf(numbers, number) + 1;
        return next < numbers.Length ? MessageNumber.Offset(numbers[next]) : size;
    }

    private static bool IsPadding(byte[] segment, ulong[] numbers, int index, int at)
    {
        long offset = MessageNumber.Offset(numbers[index]);
        RecordHeader header = RecordHeader.Read(
            segment.AsSpan((int)offset, RecordHeader.Bytes), numbers[index])!.Value;
        return at >= offset + RecordHeader.Bytes + header.EnvelopeBytes + header.BodyBytes;
    }
}
