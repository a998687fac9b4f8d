using System.Buffers;
using System.Net;
using Kopis.Base;
using Kopis.Mail.Filtering;
using Kopis.Mail.Milter;
using Kopis.Mail.Smtp;
using Kopis.Server.Filters;

namespace Kopis.Fuzz.Targets;

/// <summary>What filters say, and what they may do to a message.</summary>
internal static class MilterTargets
{
    /// <summary>A filter that says anything, at the end of a message: packets as they come on the
    /// wire. What it changes stays fields and addresses, and what it refuses with is a line.
    /// </summary>
    internal static void Replies(byte[] input)
    {
        if (MilterAgreement.TryParse(input) is { } agreement)
        {
            Must.Hold(agreement.Version is >= 2 and <= MilterAgreement.VersionMost, "a version");
            Must.Hold((agreement.Steps & ~MilterSteps.Offered) == 0, "a step");
        }

        MilterDialog dialog = new(
            new MilterAgreement(
                MilterAgreement.VersionMost, MilterActions.All,
                input.Length % 2 == 0 ? MilterSteps.LeadingSpace : MilterSteps.None,
                new Dictionary<MilterStage, string[]>()),
            new MilterMacros());
        dialog.EndOfMessage(Must.Writer());
        ReadOnlySpan<byte> rest = input;
        MilterStep step = MilterStep.Wait;
        while (step is MilterStep.Wait or MilterStep.BodyPart
            && rest.Length >= MilterPacket.LengthBytes)
        {
            int length = MilterPacket.ReadLength(rest);
            rest = rest[MilterPacket.LengthBytes..];
            if (length < 0 || length > rest.Length
                || !MilterReply.TryParse(rest[..length], out MilterReply reply))
            {
                break;
            }

            step = dialog.OnReply(reply);
            rest = rest[length..];
        }

        BeSound(dialog.Changes);
        if (step is MilterStep.Refuse)
        {
            BeRefusal(dialog.Answer!);
        }
    }

    /// <summary>A header that is read and written again is the same, and stays one header whatever
    /// is done to it.</summary>
    internal static void Header(byte[] input)
    {
        EditableHeader? header = EditableHeader.Parse(input, isAll: true);
        if (header is null)
        {
            return;
        }

        ArrayBufferWriter<byte> again = Must.Writer();
        header.Write(again);
        byte[] whole = [.. again.WrittenSpan, .. input.AsSpan(header.BodyStart)];
        bool isCut = whole.Length == input.Length + 1; // The last line had no end.
        Must.Equal(isCut ? [.. input, (byte)'\n'] : input, whole, "a header");
        byte[] name = [.. input.Take(3)];
        foreach (FieldEditKind kind in Enum.GetValues<FieldEditKind>())
        {
            if (FieldEdit.Make(kind, input.Length % 5, name, input, hasBlank: false) is { } edit)
            {
                header.Apply(edit);
            }
        }

        ArrayBufferWriter<byte> changed = Must.Writer();
        header.Write(changed);
        EditableHeader? other = EditableHeader.Parse(changed.WrittenSpan, isAll: true);
        Must.Hold(
            other is not null && other.Fields.Count == header.Fields.Count, "another header");
    }

    /// <summary>A line of control/milters: an address or a socket, and nothing that waits without
    /// end.</summary>
    internal static void Rule(byte[] input)
    {
        if (FilterRule.TryParse(input, out FilterRule? rule))
        {
            Must.Hold(rule.MessageTime <= TimeSpan.FromMinutes(9), "a time");
            Must.Hold(
                rule.EndPoint is not IPEndPoint { Port: 0 } && !rule.Name.Contains(' '), "a place");
        }
    }

    private static void BeSound(MessageChanges changes)
    {
        foreach (FieldEdit edit in changes.Fields)
        {
            ReadOnlySpan<byte> field = edit.Field;
            Must.Hold(!field.ContainsAny((byte)0, (byte)'\r'), "a byte that ends a line early");
            Must.Hold(field.IsEmpty || field[^1] == (byte)'\n', "a field without its end");
            for (int i = 0; i + 1 < field.Length; i++)
            {
                Must.Hold(
                    field[i] != (byte)'\n' || field[i + 1] is (byte)' ' or (byte)'\t',
                    "a field in a value");
            }
        }

        foreach (byte[] address in (byte[][])
            [.. changes.Recipients.Select(one => one.Address), changes.Sender ?? []])
        {
            Must.Hold(
                !address.AsSpan().ContainsAnyInRange((byte)0, (byte)31)
                    && address.Length < SmtpPath.AddressBytesLimit, "an address");
        }

        Must.BePrintable(ByteText.ToBytes(changes.Quarantine ?? ""), "a reason");
    }

    private static void BeRefusal(SmtpAnswer answer)
    {
        foreach (bool isEnhanced in (bool[])[false, true])
        {
            ReadOnlySpan<byte> line = answer.ToBytes(isEnhanced).Span;
            Must.BeLines(line, "a reply");
            Must.BePrintable(line[..^2], "a reply");
            Must.Hold(line[0] is (byte)'4' or (byte)'5' && line.Length <= 512, "a refusal");
        }
    }
}
