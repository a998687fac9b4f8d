using System.Buffers.Binary;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Queue.Spawn;

/// <summary>Parses the frames that qmail-rspawn writes after its greeting. Bytes in, reports and
/// answers out; no I/O.</summary>
public sealed class WideReplyReader
{
    private readonly WideFrameCutter _cutter = new(WideFrames.ReplyBytesMax);

    /// <summary>Reads the four bytes after <see cref="WideFrames.Greeting"/>.</summary>
    /// <returns>How many deliveries the spawner can run; 0 if the number is not valid.</returns>
    public static int ReadSlots(ReadOnlySpan<byte> bytes)
    {
        uint slots = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        return slots <= WideFrames.SlotsMax ? (int)slots : 0;
    }

    /// <summary>Parses bytes, and adds the reports and answers that they complete. Each report has
    /// its <see cref="DeliveryReport.Detail"/>.</summary>
    /// <exception cref="InvalidDataException">The peer is not qmail-rspawn.</exception>
    public void Read(
        ReadOnlySpan<byte> bytes, ICollection<DeliveryReport> reports,
        ICollection<WideAnswer> answers) =>
        _cutter.Read(bytes, (type, body) =>
        {
            switch (type)
            {
                case WideFrames.Report:
                    reports.Add(ReadReport(body));
                    break;
                case WideFrames.Answer:
                    answers.Add(ReadAnswer(body));
                    break;
                default:
                    throw new InvalidDataException("A frame of no known type.");
            }
        });

    private static DeliveryReport ReadReport(ReadOnlySpan<byte> body)
    {
        uint slot = Take32(ref body);
        ushort place = Take16(ref body);
        byte letter = Next(ref body, 1)[0];
        Verdict verdict = letter switch
        {
            (byte)'K' or (byte)'P' => Verdict.Delivered,
            (byte)'Z' => Verdict.Retry,
            (byte)'D' => Verdict.Failed,
            _ => throw Wrong(),
        };
        AttemptDetail detail = ReadDetail(ref body);
        if (slot >= WideFrames.SlotsMax || place >= DeliveryCommand.BatchMax
            || body.Length > DeliveryReport.TextBytesMax || body.Contains((byte)0))
        {
            throw Wrong();
        }

        return new DeliveryReport((int)slot, verdict, body.ToArray())
        {
            IsPassedOn = letter == (byte)'P',
            Place = place,
            Detail = detail,
        };
    }

    private static AttemptDetail ReadDetail(ref ReadOnlySpan<byte> body)
    {
        AttemptDetail detail = new()
        {
            Class = (BounceClass)Next(ref body, 1)[0],
            Stage = (AttemptStage)Next(ref body, 1)[0],
            Code = Take16(ref body),
            Milliseconds = Take32(ref body),
            Flags = (AttemptFlags)Next(ref body, 1)[0],
            Action = (ReplyAction)Next(ref body, 1)[0],
            ActionSeconds = Take32(ref body),
            ActionValue = Take16(ref body),
            Host = ReadText(ref body),
            Address = ReadText(ref body),
            TlsVersion = ReadText(ref body),
            EnhancedStatus = ReadText(ref body),
        };
        return Enum.IsDefined(detail.Class) && Enum.IsDefined(detail.Stage)
            && Enum.IsDefined(detail.Action) && (byte)detail.Flags < 16
            && detail.Code is 0 or (>= 200 and < 600) ? detail : throw Wrong();
    }

    private static WideAnswer ReadAnswer(ReadOnlySpan<byte> body)
    {
        uint id = Take32(ref body);
        byte flags = Next(ref body, 1)[0];
        uint seconds = Take32(ref body);
        return flags <= 1
            && seconds is >= WideFrames.SecondsMin and <= WideFrames.SecondsMax
            && body.Length is > 0 and <= WideFrames.DestinationBytesMax
            && !body.ContainsAnyExceptInRange((byte)' ', (byte)'~')
            ? new WideAnswer(id, flags == 1, seconds, Encoding.ASCII.GetString(body))
            : throw Wrong();
    }

    private static string ReadText(ref ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> text = Next(ref body, Next(ref body, 1)[0]);
        return text.ContainsAnyExceptInRange((byte)'!', (byte)'~')
            ? throw Wrong() : Encoding.ASCII.GetString(text);
    }

    private static uint Take32(ref ReadOnlySpan<byte> body) =>
        BinaryPrimitives.ReadUInt32LittleEndian(Next(ref body, 4));

    private static ushort Take16(ref ReadOnlySpan<byte> body) =>
        BinaryPrimitives.ReadUInt16LittleEndian(Next(ref body, 2));

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> body, int count)
    {
        if (body.Length < count)
        {
            throw Wrong();
        }

        ReadOnlySpan<byte> taken = body[..count];
        body = body[count..];
        return taken;
    }

    private static InvalidDataException Wrong() => new("A frame is not what it should be.");
}
