using System.Buffers;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Local.Spawn;
using Kopis.Local.Worker;
using Kopis.Mail.Dsn;
using Kopis.Posix;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;
using Kopis.Remote;
using Kopis.Send.Clean;
using Kopis.Users.Recipients;

namespace Kopis.Fuzz.Targets;

/// <summary>What processes say to one another.</summary>
internal static class ChannelTargets
{
    private const string Message = "75497479"; // One of segment 9.
    private static readonly string CleanRoot = Scratch.Directory();

    /// <summary>A netstring, whole and in pieces.</summary>
    internal static void OneNetstring(byte[] input)
    {
        (string whole, byte[] all) = ReadNetstring([input]);
        (string pieces, byte[] some) = ReadNetstring(Must.Pieces(input));
        Must.Hold(whole == pieces, $"{whole} in one, {pieces} in pieces");
        Must.Equal(all, some, "content");
        if (whole == "over")
        {
            ArrayBufferWriter<byte> again = new();
            Netstring.Write(again, all);
            Must.Hold(Netstring.TotalBytes(all.Length) == again.WrittenCount, "its length");
        }
    }

    /// <summary>qmail-queue's envelope, whole and in pieces.</summary>
    internal static void EnvelopeBytes(byte[] input)
    {
        EnvelopeReader pieces = default;
        int used = 0;
        foreach (byte[] piece in Must.Pieces(input))
        {
            used += pieces.Read(piece);
        }

        EnvelopeReader whole = default;
        Must.Hold(
            used == whole.Read(input) && pieces.Code == whole.Code, "pieces read differently");
        if (Envelope.Check(input) == 0)
        {
            Envelope envelope = new(input);
            Must.Hold(
                MessageParameters.TryParse(envelope.Parameters.Span, out MessageParameters said)
                    || envelope.Parameters.IsEmpty, "unreadable parameters");
            byte[] again = envelope.HasParameters
                ? Envelope.Format(envelope.Sender.Span, said, envelope.RecipientsWithParameters)
                : Envelope.Format(envelope.Sender.Span, envelope.Recipients);
            Must.Equal(input, again, "again");
            Must.Hold(Envelope.Check(envelope.WithoutParameters()) == 0, "without parameters");
        }
    }

    /// <summary>qmail-send's orders.</summary>
    internal static void Orders(byte[] input)
    {
        List<DeliveryCommand> commands = [];
        DeliveryCommandReader reader = new();
        try
        {
            foreach (byte[] piece in Must.Pieces(input))
            {
                reader.Read(piece, commands);
            }
        }
        catch (InvalidDataException)
        {
            // So it says; what was whole before stays.
        }

        bool[] used = new bool[120];
        foreach (DeliveryCommand command in commands)
        {
            Must.Hold(
                command.Recipients.Count is > 0 and <= DeliveryCommand.BatchMax, "its recipients");
            if (CommandCheck.Check(command, used) is null)
            {
                Address parts = new(command.Recipients[0]);
                Must.Equal(
                    command.Recipients[0], [.. parts.Local, (byte)'@', .. parts.Domain],
                    "an address");
            }
        }
    }

    /// <summary>A spawner's reports.</summary>
    internal static void Reports(byte[] input)
    {
        List<DeliveryReport> reports = [];
        List<DeliveryReport> inPieces = [];
        new DeliveryReportReader().Read(input, reports);
        DeliveryReportReader reader = new();
        foreach (byte[] piece in Must.Pieces(input))
        {
            reader.Read(piece, inPieces);
        }

        Must.Hold(reports.Count == inPieces.Count, "pieces read differently");
        for (int i = 0; i < reports.Count; i++)
        {
            Must.Hold(
                reports[i].Slot == inPieces[i].Slot && reports[i].Verdict == inPieces[i].Verdict
                    && reports[i].Text.Length <= DeliveryReport.TextBytesMax, "a report");
            Must.Equal(reports[i].Text, inPieces[i].Text, "pieces");
        }
    }

    /// <summary>A qmail-remote of another make.</summary>
    internal static void RemoteOutput(byte[] input)
    {
        Outcome outcome = ForeignRemote.Judge(default, input);
        bool success = input.AsSpan().IndexOf((byte)'K') >= 0;
        Must.Hold(outcome.Verdict != Verdict.Delivered || success, "a success never told");
    }

    /// <summary>What root grants a warm qmail-local, and what is ordered of it then.</summary>
    internal static void LocalOrders(byte[] input)
    {
        try
        {
            DeliveryRequest request = LocalChannel.ParseGrant(input).Request;
            Must.Hold(request.Sender.Length == 0, "a sender");
            Must.Equal(
                input.AsSpan(LocalChannel.IdBytes),
                [.. request.ToFields().SelectMany(field => (byte[])[.. field, 0])], "a grant");
        }
        catch (InvalidDataException)
        {
            // So it says.
        }

        ReadFrames(input, LocalChannel.OrderBytesMax, frame =>
        {
            LocalCommand order = LocalChannel.ParseOrder(frame);
            byte[] again = LocalChannel.FormatOrder(
                order.Id, order.OwnFile, order.Sender, order.Body.Length);
            order.Body.CopyTo(again.AsMemory(again.Length - order.Body.Length));
            Must.Equal(frame, again.AsSpan(LocalChannel.LengthBytes), "an order");
        });
    }

    /// <summary>A warm qmail-local's answers.</summary>
    internal static void LocalAnswers(byte[] input) =>
        ReadFrames(input, LocalChannel.AnswerBytesMax, frame =>
        {
            LocalReport answer = LocalChannel.ParseAnswer(frame);
            _ = DeliveryResult.Of(answer.ExitCode, answer.Text.Span);
            Must.Equal(
                frame,
                LocalChannel.FormatAnswer(answer.Id, answer.ExitCode, answer.Text.Span)
                    .AsSpan(LocalChannel.LengthBytes),
                "an answer");
        });

    /// <summary>qmail-getpw's answer.</summary>
    internal static void Getpw(byte[] input)
    {
        if (RecipientUser.Parse(input) is { } user)
        {
            Must.Hold(user.Home[0] == (byte)'/', "a relative home");
            Must.Hold(RecipientUser.Parse(user.ToFields()) is { } again && again.Uid == user.Uid
                && again.Gid == user.Gid, "another user");
        }
    }

    /// <summary>Requests to qmail-clean: nothing but the files of finished messages goes.
    /// </summary>
    internal static void Clean(byte[] input)
    {
        string mess = Path.Combine(CleanRoot, "mess");
        string outside = Path.Combine(CleanRoot, "7");
        string newest = Path.Combine(mess, "seg-0000000000000009");
        Directory.CreateDirectory(Path.Combine(mess, "incoming"));
        foreach (string file in (string[])[outside, newest, Path.Combine(mess, Message)])
        {
            if (!File.Exists(file))
            {
                File.WriteAllBytes(file, new byte[16]);
            }
        }

        byte answer = new CleanServer(FileSystem.Real, mess).Answer(input);
        Must.Hold(answer is (byte)'+' or (byte)'!' or (byte)'x', "an answer");
        Must.Hold(File.Exists(outside) && File.Exists(newest), "a file that it may not remove");
        Must.Hold(
            File.Exists(Path.Combine(mess, Message))
                || input.AsSpan().SequenceEqual("foop/75497479"u8),
            "a message not named");
    }

    private static (string End, byte[] Content) ReadNetstring(IEnumerable<byte[]> pieces)
    {
        NetstringReader reader = default;
        ArrayBufferWriter<byte> all = new();
        foreach (byte[] piece in pieces)
        {
            ReadOnlySpan<byte> rest = piece;
            while (reader.Read(rest, out ReadOnlySpan<byte> content) is > 0 and int taken)
            {
                all.Write(content);
                rest = rest[taken..];
            }
        }

        string end = reader.IsOver ? "over" : reader.IsTooLong ? "long"
            : reader.IsBad ? "bad" : "more";
        return (end, all.WrittenSpan.ToArray());
    }

    private static void ReadFrames(byte[] input, int most, Action<byte[]> take)
    {
        FrameReader reader = new(most);
        try
        {
            foreach (byte[] piece in Must.Pieces(input))
            {
                piece.CopyTo(reader.Space());
                reader.Advance(piece.Length);
                while (reader.TryTake() is { } frame)
                {
                    take(frame);
                }
            }
        }
        catch (InvalidDataException)
        {
            // So it says, and the connection ends.
        }
    }
}
