using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Tools.DotQmail;

/// <summary>Queues the message of a delivery again, for programs that forward (contract §5.4).
/// </summary>
internal static class ToolQueue
{
    /// <summary>The value of a variable that qmail-local sets.</summary>
    /// <exception cref="ConfigurationException">Code 100: the variable is not set.</exception>
    internal static byte[] Required(ProgramContext context, string name) =>
        context.Environment[name]
            ?? throw new ConfigurationException($"{name} not set", ExitCode.Permanent);

    /// <summary>Queues a header and then standard input, and prints the <c>qp</c> number.</summary>
    /// <exception cref="ConfigurationException">It was not queued: code 100 or 111.</exception>
    internal static void Send(
        ProgramContext context, byte[] sender, IEnumerable<byte[]> recipients, byte[] head) =>
        SendAsync(context, sender, recipients, head, withInput: true).GetAwaiter().GetResult();

    /// <summary>Queues a whole message, and prints the <c>qp</c> number.</summary>
    /// <exception cref="ConfigurationException">It was not queued: code 100 or 111.</exception>
    internal static void SendWhole(
        ProgramContext context, byte[] sender, IEnumerable<byte[]> recipients, byte[] message) =>
        SendAsync(context, sender, recipients, message, withInput: false)
            .GetAwaiter().GetResult();

    private static async Task SendAsync(
        ProgramContext context, byte[] sender, IEnumerable<byte[]> recipients, byte[] head,
        bool withInput)
    {
        await using IIntakeMessage intake = await IntakeClients.For(context).BeginAsync(
            MessageOrigin.Local, (uint)Processes.Id, CancellationToken.None);
        await intake.WriteAsync(head, CancellationToken.None);
        byte[] block = new byte[MessageBody.BlockBytes];
        int got;
        while (withInput && (got = Read(block)) > 0)
        {
            await intake.WriteAsync(block.AsMemory(0, got), CancellationToken.None);
        }

        QueueReply reply = await intake.FinishAsync(
            Envelope.Format(sender, recipients.Select(one => new ReadOnlyMemory<byte>(one))),
            CancellationToken.None);
        if (reply.Code != 0)
        {
            string text = intake.CustomText ?? QueueResult.Describe(reply.Code);
            throw new ConfigurationException(
                text[1..], text[0] == 'D' ? ExitCode.Permanent : ExitCode.Temporary);
        }

        StandardOutput.Instance.Complain(
            ByteText.ToBytes($"{context.Name}: qp {reply.Qp}\n"));
    }

    /// <summary>Reads a piece of the message; zero is its end.</summary>
    internal static int Read(byte[] block)
    {
        try
        {
            return Fd.Read(0, block);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to read message: {e.Message}", e);
        }
    }
}
