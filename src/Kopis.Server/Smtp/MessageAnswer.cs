using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Smtp;
using Kopis.Queue.Intake;

namespace Kopis.Server.Smtp;

/// <summary>The reply to the end of a message, from the queue's reply.</summary>
internal static class MessageAnswer
{
    /// <summary>Writes it.</summary>
    /// <param name="session">The session.</param>
    /// <param name="output">The output to the client.</param>
    /// <param name="reply">The queue's reply; null if the queue could not be reached.</param>
    /// <param name="words">The refusal in the queue program's own words, if it has given one.
    /// </param>
    /// <param name="now">The time in it.</param>
    internal static void Write(
        SmtpSession session, IBufferWriter<byte> output, QueueReply? reply, string? words,
        DateTimeOffset now)
    {
        if (reply is not { } answer)
        {
            session.Say(output, SmtpReply.NoQueue);
        }
        else if (answer.Code == 0)
        {
            session.OnProgress();
            SmtpReply.Accepted(output, session.IsEnhanced, now, answer.Qp);
        }
        else
        {
            SmtpReply.Refused(
                output, session.IsEnhanced,
                ByteText.ToBytes(words ?? QueueResult.Describe(answer.Code)));
        }
    }
}
