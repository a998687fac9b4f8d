using System.Buffers;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Posix;
using Kopis.Queue.Store.Bounces;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;

namespace Kopis.Tools.Queue;

/// <summary><c>qmail-qread</c>: lists the messages of the queue and their recipients (contract
/// §11). The channel of a recipient is computed from the present control files.</summary>
public static class QmailQreadProgram
{
    private const int FlushBytes = 32 * 1024;
    private const int DateTailBytes = 6; // " -0000"

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        AddressMap addresses = AddressMap.Read(ControlDirectory.Of(context));
        ArrayBufferWriter<byte> text = new(FlushBytes);
        try
        {
            using StoredBounces stored = new(context.Home, addresses);
            foreach ((MessageFile file, SavedMessage? saved) in
                QueueListing.Read(context.Home).Messages())
            {
                using (file)
                {
                    WriteHead(text, file, stored.HasFailure(file.Number));
                    WriteRecipients(text, file.Envelope, saved, addresses);
                }

                Flush(text, FlushBytes);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"unable to read the queue: {e.Message}", e);
        }

        Flush(text, 0);
        return ExitCode.Success;
    }

    private static void WriteHead(IBufferWriter<byte> to, MessageFile file, bool bounces)
    {
        string date = QmailDate.Rfc822(file.Arrived)[..^DateTailBytes];
        to.Write(ByteText.ToBytes($"{date} GMT  #{file.Number}  {file.BodyBytes}  <"));
        WriteSafe(to, file.Envelope.Sender.Span);
        to.Write(bounces ? ">  bouncing\n"u8 : "> \n"u8);
    }

    /// <summary>Local recipients come first, since qmail keeps two files. A channel whose
    /// recipients are all done is not shown.</summary>
    private static void WriteRecipients(
        IBufferWriter<byte> to, Envelope envelope, SavedMessage? saved, AddressMap addresses)
    {
        ArrayBufferWriter<byte> local = new();
        ArrayBufferWriter<byte> remote = new();
        bool isLocalLeft = false;
        bool isRemoteLeft = false;
        int index = 0;
        foreach (ReadOnlyMemory<byte> recipient in envelope.Recipients)
        {
            byte[] address = addresses.Route(recipient.Span, out bool isLocal);
            bool isDone = saved?.Done.Contains(index) == true;
            isLocalLeft |= isLocal && !isDone;
            isRemoteLeft |= !isLocal && !isDone;
            ArrayBufferWriter<byte> lines = isLocal ? local : remote;
            lines.Write(isDone ? "  done"u8 : []);
            lines.Write(isLocal ? "\tlocal\t"u8 : "\tremote\t"u8);
            WriteSafe(lines, address);
            lines.Write("\n"u8);
            index++;
        }

        to.Write(isLocalLeft ? local.WrittenSpan : []);
        to.Write(isRemoteLeft ? remote.WrittenSpan : []);
    }

    /// <summary>Replaces what a terminal cannot print.</summary>
    private static void WriteSafe(IBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        Span<byte> safe = to.GetSpan(text.Length + 1);
        for (int i = 0; i < text.Length; i++)
        {
            safe[i] = text[i] is >= 32 and <= 126 ? text[i] : (byte)'_';
        }

        to.Advance(text.Length);
    }

    private static void Flush(ArrayBufferWriter<byte> text, int from)
    {
        if (text.WrittenCount >= from)
        {
            Fd.WriteAll(1, text.WrittenSpan);
            text.ResetWrittenCount();
        }
    }
}
