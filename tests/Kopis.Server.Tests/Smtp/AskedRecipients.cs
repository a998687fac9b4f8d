using System.Text;
using System.Threading.Channels;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Tests.Smtp;

/// <summary>Knows some addresses at once, and others when a test lets it answer.</summary>
internal sealed class AskedRecipients : IRecipientCheck
{
    private readonly Channel<TaskCompletionSource<RecipientVerdict>> _open =
        Channel.CreateUnbounded<TaskCompletionSource<RecipientVerdict>>();

    internal Dictionary<string, RecipientVerdict> KnownNow { get; } = [];

    internal List<string> Questions { get; } = [];

    public RecipientVerdict? Known(ReadOnlySpan<byte> recipient) =>
        KnownNow.TryGetValue(Encoding.Latin1.GetString(recipient), out RecipientVerdict verdict)
            ? verdict : null;

    public async ValueTask<RecipientVerdict> AskAsync(
        ReadOnlyMemory<byte> recipient, CancellationToken stop)
    {
        Questions.Add(Encoding.Latin1.GetString(recipient.Span));
        TaskCompletionSource<RecipientVerdict> question =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
        await _open.Writer.WriteAsync(question, stop);
        return await question.Task.WaitAsync(TimeSpan.FromSeconds(30), stop);
    }

    /// <summary>Waits for the next question and answers it.</summary>
    internal async Task Answer(RecipientVerdict verdict)
    {
        TaskCompletionSource<RecipientVerdict> question =
            await _open.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        question.SetResult(verdict);
    }
}
