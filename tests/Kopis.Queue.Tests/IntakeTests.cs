using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Writer;

namespace Kopis.Queue.Tests;

/// <summary>What clients may say to the queue writer, and what becomes of it.</summary>
public sealed class IntakeTests
{
    private const string Good = "Fs@x\0Ta@x\0\0";

    [Fact]
    public async Task A_message_gets_its_received_line_and_number()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        using Socket socket = writer.Connect();
        socket.Send(Frames.IntakeMessage("Subject: x\n\nhello\n", Good, qp: 4711));
        QueueReply reply = Frames.Answer(socket)!.Value;
        Assert.Equal((0, 4711u), (reply.Code, reply.Qp));
        using MessageFile file = MessageFile.Open(home.Mess, reply.MessageNumber);
        Assert.Matches(
            new Regex("^s@x>a@x:Received: \\(qmail 4711 invoked from network\\); "
                + "\\d{1,2} [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d -0000\\n"
                + "Subject: x\\n\\nhello\\n$"),
            QueueHome.Describe(file));
        Assert.Equal((Processes.Uid, 4711u), (file.Uid, file.Qp));
    }

    /// <summary>It answers, and no more: a client who sends on would keep all others waiting.
    /// </summary>
    [Fact]
    public async Task The_committers_thread_reads_nothing_of_the_next_message()
    {
        ThreadNames clock = new();
        using QueueHome home = new();
        await using RunningWriter writer = new(home, clock: clock);
        using Socket socket = writer.Connect();
        byte[] one = Frames.IntakeMessage("x", Good);
        socket.Send([.. one, .. one, .. one]);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0, Frames.Answer(socket)!.Value.Code);
        }

        Assert.Equal(3, clock.Names.Count);
        Assert.DoesNotContain(Committer.ThreadName, clock.Names);
    }

    [Theory]
    [InlineData(MessageOrigin.Local, "by uid ")]
    [InlineData(MessageOrigin.Network, "from network")]
    [InlineData(MessageOrigin.Bounce, "for bounce")]
    public async Task The_writers_own_user_says_where_from(MessageOrigin origin, string who)
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        QueueReply first = writer.Submit("x", origin: origin);
        QueueReply second = writer.Submit("x", origin: origin);
        Assert.Equal(first.Qp + 1, second.Qp); // The writer chose.
        Assert.Contains($"(qmail {first.Qp} invoked {who}", home.Messages()[0],
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_user_is_what_the_kernel_says()
    {
        TrustedUsers trusted = new();
        uint stranger = Processes.Uid + 54_321;
        Assert.Equal(MessageOrigin.Local, trusted.Judge(stranger, MessageOrigin.Bounce));
        Assert.Equal($"by uid {stranger}", trusted.Invoker(stranger, MessageOrigin.Local));
        Assert.False(trusted.IsOurs(stranger));
        Assert.True(trusted.IsOurs(Processes.Uid));
    }

    [Fact]
    public async Task Many_submissions_on_one_connection_are_answered_in_order()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        using Socket socket = writer.Connect();
        byte[] all = [.. Enumerable.Range(1, 20).SelectMany(n => Frames.IntakeMessage(
            $"body {n}", n % 3 == 0 ? "F\0Tx" : Good, qp: (uint)n))];
        socket.Send(all);
        for (uint n = 1; n <= 20; n++)
        {
            QueueReply reply = Frames.Answer(socket)!.Value;
            Assert.Equal((n % 3 == 0 ? 54 : 0, n), (reply.Code, reply.Qp));
        }

        Assert.Equal(14, home.Messages().Count);
    }

    [Fact]
    public async Task A_client_that_leaves_at_any_byte_queues_nothing()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        byte[] whole = Frames.IntakeMessage("hello", Good);
        for (int cut = 0; cut < whole.Length; cut++)
        {
            using Socket socket = writer.Connect();
            socket.Send(whole.AsSpan(0, cut));
            socket.Shutdown(SocketShutdown.Send);
            Assert.Null(Frames.Answer(socket));
        }

        Assert.Empty(home.Messages());
        Assert.Equal(0, writer.Submit("after").Code);
        Assert.Single(home.Messages());
        Assert.Equal(0, writer.MemoryHeld);
    }

    [Fact]
    public async Task Bytes_one_at_a_time_are_the_same_message()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        using Socket socket = writer.Connect();
        foreach (byte b in Frames.IntakeMessage("hello", Good))
        {
            socket.Send([b]);
        }

        Assert.Equal(0, Frames.Answer(socket)!.Value.Code);
        Assert.EndsWith("\nhello", Assert.Single(home.Messages()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, (byte)'b')] // No Begin.
    [InlineData(1, (byte)4)] // An origin that there is not.
    [InlineData(6, (byte)'m')] // A frame that there is not.
    [InlineData(8, (byte)0xFF)] // A piece of 65,280 bytes and more: over the limit.
    [InlineData(9, (byte)1)]
    [InlineData(10, (byte)0x80)] // A length that would be negative.
    [InlineData(24, (byte)2)] // An envelope of 32 MiB.
    [InlineData(24, (byte)0xFF)]
    public async Task What_is_no_protocol_ends_the_connection(int at, byte value)
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        byte[] bytes = Frames.IntakeMessage("hell", Good);
        bytes[at] = value;
        using Socket socket = writer.Connect();
        socket.Send(bytes);
        socket.Shutdown(SocketShutdown.Send);
        Assert.Null(Frames.Answer(socket));
        Assert.Empty(home.Messages());
        Assert.Equal(0, writer.Submit("after").Code);
    }

    [Fact]
    public async Task Noise_queues_nothing_and_harms_nobody()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        Random dice = new(2026);
        for (int round = 0; round < 300; round++)
        {
            byte[] noise = new byte[dice.Next(1, 3000)];
            dice.NextBytes(noise);
            if (round % 2 == 0)
            {
                noise = [.. Frames.IntakeMessage("x", "")[..17], .. noise]; // A sound beginning.
            }

            using Socket socket = writer.Connect();
            try
            {
                socket.Send(noise);
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                continue; // Closed on us already.
            }

            Assert.Null(Frames.Answer(socket));
        }

        Assert.Empty(home.Messages());
        Assert.Equal(0, writer.Submit("after").Code);
    }

    [Theory]
    [InlineData("", 54)]
    [InlineData("Fs\0Ta\0", 54)]
    [InlineData("Fs\0Xa\0\0", 91)]
    [InlineData(Good + "x", 91)]
    public async Task A_bad_envelope_is_answered_and_the_connection_goes_on(
        string envelope, int code)
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        using Socket socket = writer.Connect();
        socket.Send(Frames.IntakeMessage("x", envelope, qp: 5));
        Assert.Equal(new QueueReply(code, 5, 0), Frames.Answer(socket));
        socket.Send(Frames.IntakeMessage("x", Good));
        Assert.Equal(0, Frames.Answer(socket)!.Value.Code);
        Assert.Single(home.Messages());
    }

    [Fact]
    public async Task A_large_message_streams_to_its_own_file()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        byte[] block = new byte[1_000_000];
        new Random(3).NextBytes(block);
        using IntakeConnection queue = new(home.Path, TimeSpan.FromSeconds(20));
        queue.Begin(MessageOrigin.Network, 9);
        for (int i = 0; i < 5; i++)
        {
            queue.Write(block);
            Assert.InRange(writer.MemoryHeld, 0, 1024 * 1024);
        }

        QueueReply reply = queue.Finish("F\0Ta@x\0\0"u8);
        using MessageFile file = MessageFile.Open(home.Mess, reply.MessageNumber);
        Assert.True(file.HasOwnFile);
        byte[] body = new byte[file.BodyBytes];
        file.ReadBody(0, body);
        for (int i = 1; i <= 5; i++)
        {
            Assert.True(body.AsSpan()[^(i * block.Length)..][..block.Length].SequenceEqual(block));
        }

        Assert.Equal([MessStore.OwnFile(home.Mess, reply.MessageNumber)], home.OtherFiles());
        MessStore.RemoveOwnFile(Posix.FileSystem.Real, home.Mess, reply.MessageNumber);
        Assert.Empty(home.OtherFiles());
    }

    [Fact]
    public async Task A_claimed_length_takes_no_memory()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        List<Socket> liars = [];
        for (int i = 0; i < 50; i++)
        {
            byte[] begin = Frames.IntakeMessage("x", "")[..22];
            BinaryPrimitives.WriteInt32LittleEndian(
                begin.AsSpan(18), QueueLimits.EnvelopeBytesMax);
            liars.Add(writer.Connect());
            liars[^1].Send(begin);
        }

        string recipients = string.Concat(Enumerable.Repeat("Ta@x\0", 100_000));
        using Socket socket = writer.Connect();
        socket.Send(Frames.IntakeMessage("list", $"F\0{recipients}\0"));
        Assert.Equal(0, Frames.Answer(socket)!.Value.Code);
        liars.ForEach(liar => liar.Dispose());
    }

    [Fact]
    public async Task Fifty_clients_of_two_hundred_messages_are_all_there_once()
    {
        using QueueHome home = new();
        TestDisk disk = new();
        await using RunningWriter writer = new(home, disk);
        await Parallel.ForAsync(
            0, 50, new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (client, stop) =>
            {
                using IntakePool pool = new(home.Path);
                for (int i = 0; i < 200; i++)
                {
                    await using IIntakeMessage one = await pool.BeginAsync(
                        MessageOrigin.Network, 0, stop);
                    await one.WriteAsync("x\n"u8.ToArray(), stop);
                    byte[] envelope = Envelope.Format(
                        "s"u8, [System.Text.Encoding.ASCII.GetBytes($"{client}-{i}")]);
                    Assert.Equal(0, (await one.FinishAsync(envelope, stop)).Code);
                }
            });
        List<string> names = [.. home.Messages().Select(text => text.Split('>', ':')[1])];
        Assert.Equal(10_000, names.Count);
        Assert.Equal(10_000, names.Distinct().Count());
        Assert.InRange(disk.Count("SyncData"), 200, 9_000); // Shared, and never skipped.
        Assert.Equal(0, writer.MemoryHeld);
    }

    /// <summary>The real time, and which threads have begun a message.</summary>
    private sealed class ThreadNames : TimeProvider
    {
        internal List<string?> Names { get; } = [];

        public override DateTimeOffset GetUtcNow()
        {
            Names.Add(Thread.CurrentThread.Name);
            return base.GetUtcNow();
        }
    }
}
