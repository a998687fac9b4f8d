using System.Buffers.Binary;
using CsCheck;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Local.Tests;

/// <summary>The frames between qmail-lspawn and qmail-local, from friends and from enemies.
/// </summary>
public sealed class ChannelTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("kopis-local-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void An_order_survives_the_way()
    {
        DeliveryRequest request = Requests.Of(ext: "\u00ff-x", sender: "a\nb@c");
        byte[] frame = LocalChannel.FormatOrder(7, request, ownFile: false, bodyBytes: 3)!;
        "abc"u8.CopyTo(frame.AsSpan(frame.Length - 3));
        DeliveryOrder order = LocalChannel.ParseOrder(frame.AsMemory(LocalChannel.LengthBytes));
        Assert.Equal((7u, false), (order.Id, order.OwnFile));
        Assert.Equal(request.ToFields(), order.Request.ToFields());
        Assert.Equal("abc"u8, order.Body.Span);
    }

    [Fact]
    public void Too_much_is_not_sent()
    {
        string tooLong = new('x', LocalChannel.FieldsBytesMax);
        Assert.Null(LocalChannel.FormatOrder(1, Requests.Of(ext: tooLong), false, 0));
        int tooBig = QueueLimits.InlineBodyBytesMax + 1;
        Assert.Null(LocalChannel.FormatOrder(1, Requests.Of(), false, tooBig));
    }

    [Fact]
    public void Garbage_is_never_anything_but_invalid() => Gen.Byte.Array[0, 80].Sample(bytes =>
    {
        try
        {
            DeliveryOrder order = LocalChannel.ParseOrder(bytes);
            Assert.Equal((byte)'/', order.Request.Home[0]);
        }
        catch (InvalidDataException)
        {
            // The one answer to it.
        }

        if (bytes.Length < LocalChannel.HeadBytes)
        {
            Assert.Throws<InvalidDataException>(() => LocalChannel.ParseAnswer(bytes));
        }
    });

    [Fact]
    public void Frames_are_cut_whatever_the_blocks() =>
        Gen.Select(Gen.Int[0, 40_000].Array[1, 6], Gen.Int[1, 50_000]).Sample((lengths, block) =>
        {
            byte[] stream = [.. lengths.SelectMany(Frame)];
            FrameReader reader = new(40_000);
            List<int> got = [];
            for (int at = 0; at < stream.Length;)
            {
                Span<byte> space = reader.Space();
                int count = Math.Min(Math.Min(block, space.Length), stream.Length - at);
                stream.AsSpan(at, count).CopyTo(space);
                reader.Advance(count);
                at += count;
                while (reader.TryTake() is { } frame)
                {
                    got.Add(frame.Length);
                }
            }

            Assert.Equal(lengths, got);
        });

    [Theory]
    [InlineData(101u)]
    [InlineData(0x8000_0000u)]
    [InlineData(0xFFFF_FFFFu)]
    public void A_length_is_checked_before_it_is_believed(uint length)
    {
        FrameReader reader = new(100);
        BinaryPrimitives.WriteUInt32LittleEndian(reader.Space(), length);
        reader.Advance(4);
        Assert.Throws<InvalidDataException>(() => reader.TryTake());
    }

    [Theory]
    [InlineData(0)] // An answer to no order.
    [InlineData(1)] // A frame too short for an answer.
    [InlineData(2)] // A frame longer than any answer.
    public void A_hostile_qmail_local_is_found_out(int kind)
    {
        (int ours, int theirs) = Fd.SocketPair();
        WarmLocal local = new(pid: 0, ours);
        byte[] answer = kind switch
        {
            0 => LocalChannel.FormatAnswer(5, 0, "did 1+0+0\n"u8),
            1 => [1, 0, 0, 0, 9],
            _ => [0, 0, 1, 0],
        };
        FdPassing.Send(theirs, answer, theirs); // And a descriptor that nobody asked for.
        Assert.Throws<InvalidDataException>(() => local.Read((_, _) => Assert.Fail("believed")));
        Fd.Close(theirs);
        local.Close();
    }

    [Fact]
    public void A_qmail_local_that_hangs_up_is_noticed()
    {
        (int ours, int theirs) = Fd.SocketPair();
        WarmLocal local = new(pid: 0, ours);
        Assert.True(local.Read((_, _) => { })); // Nothing yet.
        Fd.Close(theirs);
        Assert.False(local.Read((_, _) => { }));
        local.Close();
    }

    [Fact]
    public void Orders_are_answered_by_their_numbers()
    {
        (int ours, int theirs) = Fd.SocketPair();
        Thread server = new(() => new LocalServer(Site(), theirs).Serve());
        server.Start();
        for (uint id = 0; id < 50; id++)
        {
            SendInline(ours, id, "-");
        }

        int file = Fd.MemoryFile("own");
        Fd.WriteAll(file, "Subject: own\n\nbody\n"u8);
        FdPassing.Send(ours, LocalChannel.FormatOrder(50, In("./box"), true, 0)!, file);
        Fd.Close(file);
        Dictionary<uint, string> answers = Answers(ours, 51);
        Assert.All(Enumerable.Range(0, 50), id => Assert.Equal(
            "111 Unable to open ./-/x: No such file or directory. (#4.2.1)\n", answers[(uint)id]));
        Assert.Equal("0 did 1+0+0\n", answers[50]);
        Assert.Contains("Subject: own\n", File.ReadAllText(_home + "/box"));
        Fd.Close(ours);
        server.Join();
        Fd.Close(theirs);
    }

    [Theory]
    [InlineData("length")]
    [InlineData("fields")]
    [InlineData("descriptor")]
    public void Nonsense_ends_the_server_but_not_what_runs(string kind)
    {
        (int ours, int theirs) = Fd.SocketPair();
        SendInline(ours, 1, "-");
        byte[] order = LocalChannel.FormatOrder(2, In("./box"), true, 0)!;
        FdPassing.Send(
            ours,
            kind switch
            {
                "length" => [255, 255, 255, 255],
                "fields" => [6, 0, 0, 0, 2, 0, 0, 0, 0, 65],
                _ => order, // It announces a descriptor that does not come.
            },
            -1);
        LocalServer server = new(Site(), theirs);
        Assert.Throws<InvalidDataException>(server.Serve);
        Assert.StartsWith("111 ", Answers(ours, 1)[1]);
        Fd.Close(ours);
        Fd.Close(theirs);
    }

    [Fact]
    public void Threads_are_few_and_finish_their_work()
    {
        WorkerThreads workers = new(3);
        using Barrier three = new(3);
        int done = 0;
        for (int i = 0; i < 30; i++)
        {
            workers.Add(() =>
            {
                three.SignalAndWait(); // Passes only where three run at once.
                Interlocked.Increment(ref done);
            });
        }

        workers.Finish();
        Assert.Equal(30, done);
    }

    private static IEnumerable<byte> Frame(int length)
    {
        byte[] frame = new byte[LocalChannel.LengthBytes + length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, length);
        return frame;
    }

    private LocalSite Site() =>
        new(new(), TimeProvider.System, new IntakePool(_home),
            new MailboxFiles(Posix.FileSystem.Real), true);

    private DeliveryRequest In(string defaultDelivery) =>
        Requests.Of(home: _home, defaultDelivery: defaultDelivery);

    private void SendInline(int socket, uint id, string directory)
    {
        byte[] frame = LocalChannel.FormatOrder(id, In($"./{directory}/x"), false, 3)!;
        "x\n\n"u8.CopyTo(frame.AsSpan(frame.Length - 3));
        Fd.WriteAll(socket, frame);
    }

    private static Dictionary<uint, string> Answers(int socket, int count)
    {
        FrameReader reader = new(LocalChannel.AnswerBytesMax);
        Dictionary<uint, string> answers = [];
        while (answers.Count < count)
        {
            int got = Fd.Read(socket, reader.Space());
            Assert.True(got > 0);
            reader.Advance(got);
            while (reader.TryTake() is { } frame)
            {
                DeliveryAnswer answer = LocalChannel.ParseAnswer(frame);
                answers.Add(
                    answer.Id, $"{answer.ExitCode} {ByteText.ToText(answer.Text.Span)}");
            }
        }

        return answers;
    }
}
