using System.Net;
using System.Text;
using System.Threading.Channels;
using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Tests.Smtp;

/// <summary>Knows some addresses at once, and others when a test lets it answer.</summary>
internal sealed class AskedRecipients : IRecipientCheck
{
    private readonly Channel<TaskCompletionSource<LookupVerdict>> _open =
        Channel.CreateUnbounded<TaskCompletionSource<LookupVerdict>>();

    internal Dictionary<string, LookupVerdict> KnownNow { get; } = [];

    internal List<string> Questions { get; } = [];

    public LookupVerdict? Known(RoutedRecipient recipient) =>
        KnownNow.TryGetValue(
            Encoding.Latin1.GetString(recipient.Address), out LookupVerdict verdict)
            ? verdict : null;

    public async ValueTask<LookupVerdict> AskAsync(
        RoutedRecipient recipient, IPAddress? client, CancellationToken stop)
    {
        Questions.Add(Encoding.Latin1.GetString(recipient.Address));
        TaskCompletionSource<LookupVerdict> question =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
        await _open.Writer.WriteAsync(question, stop);
        return await question.Task.WaitAsync(TimeSpan.FromSeconds(30), stop);
    }

    /// <summary>Waits for the next question and answers it.</summary>
    internal async Task Answer(LookupVerdict verdict)
    {
        TaskCompletionSource<LookupVerdict> question =
            await _open.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        question.SetResult(verdict);
    }
}
