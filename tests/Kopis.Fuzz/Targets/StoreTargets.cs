using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Queue.Intake;
using Kopis.Queue.QmailFormat;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;
using Kopis.Queue.Writer;

namespace Kopis.Fuzz.Targets;

/// <summary>The queue's files as another may have left them, and its socket.</summary>
internal static class StoreTargets
{
    private static readonly string Mess = Scratch.Directory();
    private static readonly string Home = MakeHome();

    /// <summary>A segment: sound messages, or damage that is named; the end is always reached.
    /// </summary>
    internal static void Segment(byte[] input)
    {
        byte[] bytes = (byte[])input.Clone();
        MendChecksums(bytes);
        File.WriteAllBytes(SegmentFile.Name(Mess, 1), bytes);
        using MessageScanner scanner = new(Mess, ScanPosition.Start);
        try
        {
            ScanResult result;
            for (int i = 0; (result = scanner.Next()) != ScanResult.End; i++)
            {
                Must.Hold(i <= (input.Length / 8) + 8, "a scan without end");
                if (result == ScanResult.Message)
                {
                    using MessageFile file = scanner.Current!;
                    _ = file.Arrived;
                    Must.Hold(Envelope.Check(file.Envelope.Bytes.Span) == 0, "no envelope");
                    _ = file.Envelope.Sender.Length + file.Envelope.Recipients.Count();
                    Must.Hold(file.BodyBytes >= 0, "a negative length");
                }
            }
        }
        catch (ConfigurationException)
        {
            // Written by a later version: that stops the start.
        }
    }

    /// <summary>qmail-send's log of its state.</summary>
    internal static void State(byte[] input)
    {
        byte[] bytes = input[..(input.Length - (input.Length % StateRecord.Bytes))];
        for (int at = 0; at < bytes.Length; at += StateRecord.Bytes)
        {
            // Most records sound, so that what they say is what is tried.
            Span<byte> record = bytes.AsSpan(at, StateRecord.Bytes);
            if (record[0] != 0)
            {
                record[4] = (byte)(record[4] % 8);
                record[5..8].Clear();
                BinaryPrimitives.WriteUInt32LittleEndian(record, Crc32C.Of(record[4..]));
            }
        }

        StateReader reader = new("log-1");
        try
        {
            reader.Read(bytes);
            reader.Finish();
        }
        catch (ConfigurationException)
        {
            return;
        }

        Must.Hold(reader.Position.Offset >= 0, "a negative position");
        foreach (SavedMessage message in reader.Saved.Values)
        {
            Must.Hold(message.Done.All(index => index >= 0), "a negative recipient");
        }
    }

    /// <summary>The table of hosts that do not answer.</summary>
    internal static void Timeouts(byte[] input)
    {
        byte[] table = new byte[TimeoutTable.Bytes];
        input.AsSpan(0, Math.Min(input.Length, table.Length)).CopyTo(table);
        IPAddress address = IPAddress.Parse("10.1.2.3");
        _ = TimeoutTable.Entries(table).Count();
        TimeoutTable.NoteTimeout(table, address, uint.MaxValue);
        Must.Hold(TimeoutTable.Find(table, address).Timeouts > 0, "not noted");
        TimeoutTable.NoteAnswer(table, address);
        Must.Hold(TimeoutTable.Find(table, address).Timeouts == 0, "not forgotten");
    }

    /// <summary>A client of the intake: whole answers, and the writer lives.</summary>
    internal static void Frames(byte[] input)
    {
        using QueueWriter writer = new(
            Home, TimeProvider.System,
            line => throw new FuzzFailureException($"the writer says: {line}"),
            new IntakeLimits());
        using CancellationTokenSource stop = new();
        Task running = writer.RunAsync(stop.Token);
        int total = Talk(input);
        stop.Cancel();
        Must.Hold(running.Wait(TimeSpan.FromSeconds(30)), "a writer that does not end");
        foreach (string file in Directory.GetFiles(Path.Combine(Home, "queue", "mess")))
        {
            File.Delete(file);
        }

        Must.Hold(total % IntakeFrame.ReplyBytes == 0, "half an answer");
    }

    /// <summary>The environment block of a process.</summary>
    internal static void EnvironmentBlock(byte[] input)
    {
        ByteEnvironment environment = ByteEnvironment.Parse(input);
        foreach (byte[] entry in environment.ToBlock())
        {
            Must.Hold(Array.IndexOf(entry, (byte)'=') > 0, "an entry without name");
        }
    }

    // Bytes of answers.
    private static int Talk(byte[] input)
    {
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(IntakeFrame.SocketPath(Home)));
        client.ReceiveTimeout = 10_000;
        byte[] answers = new byte[64 * 1024];
        int total = 0;
        try
        {
            client.Send(input);
            client.Shutdown(SocketShutdown.Send);
            int got;
            while ((got = client.Receive(answers.AsSpan(total))) > 0)
            {
                total += got;
            }
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.TimedOut)
        {
            // It hung up on us.
        }

        return total;
    }

    private static string MakeHome()
    {
        string home = Scratch.Home();
        foreach (string name in (string[])["mess", "lock", "state", "bounce"])
        {
            Directory.CreateDirectory(Path.Combine(home, "queue", name));
        }

        return home;
    }

    // A record's header is only looked at where its checksums are right: wherever one begins they
    // are made right, so that the lengths and numbers in it are what is tried.
    private static void MendChecksums(Span<byte> bytes)
    {
        for (int at = SegmentFile.HeaderBytes; at + RecordHeader.Bytes <= bytes.Length; at += 8)
        {
            Span<byte> header = bytes.Slice(at, RecordHeader.Bytes);
            if (!header.StartsWith("KMSG"u8))
            {
                continue;
            }

            BinaryPrimitives.WriteUInt64LittleEndian(header[8..], MessageNumber.Of(1, at));
            int envelope = BinaryPrimitives.ReadInt32LittleEndian(header[32..]);
            long body = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
            ReadOnlySpan<byte> rest = bytes[(at + RecordHeader.Bytes)..];
            if (envelope >= 0 && envelope <= rest.Length && body >= 0
                && body <= rest.Length - envelope)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(
                    header[36..], Crc32C.Of(rest[..envelope]));
                BinaryPrimitives.WriteUInt32LittleEndian(
                    header[40..], Crc32C.Of(rest.Slice(envelope, (int)body)));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Crc32C.Of(header[8..]));
        }
    }
}
