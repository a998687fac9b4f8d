using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Net.Dmarc;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Host.Dmarc;

/// <summary>The source of our reports, and the queue that they go to.</summary>
internal static class ReportIntake
{
    /// <summary>Opens the collected observations.</summary>
    /// <exception cref="ConfigurationException">The directory does not exist, or has another owner.
    /// </exception>
    internal static ReportStore Open(string folder)
    {
        try
        {
            return new ReportStore(folder);
        }
        catch (PosixException e) when (e.Number == Errno.NoEntry)
        {
            throw AccountCommand.Refused(
                $"there is no {folder}: kopis check-install --mend makes it");
        }
    }

    /// <summary>Queues a report.</summary>
    /// <returns>The message's number, for the log.</returns>
    /// <exception cref="ConfigurationException">The queue does not accept it.</exception>
    internal static async Task<uint> HandOverAsync(
        ProgramContext context, string sender, string[] to, byte[] message)
    {
        await using IIntakeMessage intake = await IntakeClients.For(context).BeginAsync(
            MessageOrigin.Submitted, (uint)Processes.Id, CancellationToken.None);
        await intake.WriteAsync(message, CancellationToken.None);
        QueueReply reply = await intake.FinishAsync(
            Envelope.Format(
                ByteText.ToBytes(sender),
                to.Select(one => new ReadOnlyMemory<byte>(ByteText.ToBytes(one)))),
            CancellationToken.None);
        return reply.Code == 0 ? reply.Qp : throw new ConfigurationException(
            (intake.CustomText ?? QueueResult.Describe(reply.Code))[1..]);
    }
}
