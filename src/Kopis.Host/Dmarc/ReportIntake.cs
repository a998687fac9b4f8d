using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Net.Dmarc;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Host.Dmarc;

/// <summary>Where reports come from, and where they go.</summary>
internal static class ReportIntake
{
    /// <summary>Opens what was collected.</summary>
    /// <exception cref="ConfigurationException">There is no such directory, or it is another's.
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

    /// <summary>Puts a report into the queue.</summary>
    /// <returns>The message's number, for the log.</returns>
    /// <exception cref="ConfigurationException">The queue does not take it.</exception>
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
