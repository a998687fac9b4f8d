using System.Buffers;
using Kopis.Mail.Pop3;
using Kopis.Mail.Sasl;

namespace Kopis.Fuzz.Targets;

/// <summary>A POP3 client.</summary>
internal static class Pop3Targets
{
    private static readonly byte[] Stamp = "<1.2@host.example>"u8.ToArray();

    /// <summary>Before the login: one reply a line, and fields that no NUL can end early.
    /// </summary>
    internal static void Login(byte[] input)
    {
        Pop3Login login = new(
            Stamp, new Pop3Offer(Tls: true, Passwords: true, new SaslOffer(SaslOffer.All, [1])));
        ArrayBufferWriter<byte> reply = new();
        login.Greet(reply);
        foreach (Range range in input.AsSpan().Split((byte)'\n'))
        {
            reply.ResetWrittenCount();
            Pop3LoginStep step = login.OnLine(input.AsSpan(range), reply);
            Must.BeLines(reply.WrittenSpan, "reply");
            if (step == Pop3LoginStep.Check
                && login.Question.Kind is SaslQuestionKind.Password or SaslQuestionKind.Digest)
            {
                Must.Hold(login.DetachFields().AsSpan().Count((byte)0) == 3, "not three fields");
            }
            else if (step == Pop3LoginStep.Check)
            {
                step = login.OnAnswer(SaslAnswer.Of([1, 2, 3, 4], 4096), reply);
                Must.BeLines(reply.WrittenSpan, "reply");
            }

            if (step != Pop3LoginStep.NextLine)
            {
                return;
            }

            Must.Hold(reply.WrittenCount > 0, "no reply");
        }
    }

    /// <summary>After it: indices inside the maildrop, sums that stay sums.</summary>
    internal static void Session(byte[] input)
    {
        Drop drop = new();
        Pop3Session session = new(drop);
        ArrayBufferWriter<byte> reply = new();
        foreach (Range range in input.AsSpan().Split((byte)'\n'))
        {
            reply.ResetWrittenCount();
            Pop3Step step = session.OnLine(input.AsSpan(range), reply);
            if (step == Pop3Step.SendMessage)
            {
                Must.Hold(
                    session.Message.Index >= 0 && session.Message.Index < drop.Count
                        && !session.IsDeleted(session.Message.Index), "no message");
            }

            while (step == Pop3Step.SendListing && session.WriteListing(reply, 64))
            {
                Must.Hold(reply.WrittenCount < 4096, "a listing without end");
            }

            Must.BeLines(reply.WrittenSpan, "reply");
            if (step == Pop3Step.Quit)
            {
                return;
            }
        }
    }

    /// <summary>A message on its way to the client: the dot ends it, and only there.</summary>
    internal static void Message(byte[] input)
    {
        long? lines = input.Length > 0 && input[0] < 128 ? input[0] : null;
        Pop3MessageEncoder encoder = new(lines);
        ArrayBufferWriter<byte> wire = new();
        foreach (byte[] piece in Must.Pieces(input))
        {
            if (!encoder.Write(piece, wire))
            {
                break;
            }
        }

        encoder.Finish(wire);
        ReadOnlySpan<byte> sent = wire.WrittenSpan;
        Must.Hold(sent.EndsWith("\r\n.\r\n"u8), "its end");
        Must.Hold(
            !sent.StartsWith(".\r\n"u8) && sent.IndexOf("\r\n.\r\n"u8) == sent.Length - 5,
            "an end before the end");
    }

    private sealed class Drop : IPop3Maildrop
    {
        public int Count => 5;

        public long SizeOf(int index) => index == 3 ? long.MaxValue / 8 : index * 1000L;

        public ReadOnlySpan<byte> UniqueIdOf(int index) => "1763000000.M1P2Q3.host"u8;
    }
}
