using Kopis.Base;
using Kopis.Queue.Commands;

namespace Kopis.Web.Live;

/// <summary>Asks qmail-send, over the same socket as the commands (docs/ARCHITECTURE.md).
/// qmail-send gives the dashboard's user five connections, of which we use three: two for pages,
/// which wait for each other, and one for the plots, which waits for no page. A question is dropped
/// when nobody waits for the answer any more, or when its time is over. A change is carried out
/// even if nobody waits.</summary>
internal sealed class SendClient(string home) : IDisposable
{
    /// <summary>Recipients on one page of a list.</summary>
    internal const int RowsMax = 50;

    /// <summary>The most destinations that are shown.</summary>
    internal const int DestinationsMax = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ChangePatience = TimeSpan.FromSeconds(30);

    /// <summary>The time for one question, from the wait for a connection to the last answer.
    /// </summary>
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _pages = new(2);
    private readonly SemaphoreSlim _plots = new(1);

    /// <summary>One page of a list.</summary>
    /// <exception cref="ConfigurationException">qmail-send does not answer, or refuses.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.
    /// </exception>
    internal async Task<QueuePage> ListAsync(
        QueueSelection selection, CancellationToken stop, int most = RowsMax)
    {
        List<QueueRow> rows = [];
        QueueCounts counts = default;
        ListedMessage? message = null;
        QueueRequest request = new(
            QueueVerb.List, selection with { Most = (uint)most + 1 }); // Is there one more?
        await AskAsync(_pages, request, Patience, (kind, content) =>
        {
            if (kind == QueueFrame.Message)
            {
                message = ListedMessage.Parse(content.Span);
            }
            else if (kind == QueueFrame.Recipient && message is not null
                && ListedRecipient.Parse(content.Span) is { } recipient)
            {
                rows.Add(new QueueRow(message, recipient));
            }
            else if (kind == QueueFrame.End && QueueCounts.Parse(content.Span) is { } end)
            {
                counts = end;
            }
        }, stop);
        QueueRow? next = rows.Count > most ? rows[most] : null;
        return new QueuePage([.. rows.Take(most)], next, (long)counts.LookedOf);
    }

    /// <summary>The counts of the queue.</summary>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    internal async Task<QueueSummary> SummaryAsync(CancellationToken stop)
    {
        QueueSummary? found = null;
        await AskAsync(
            _plots, new QueueRequest(QueueVerb.Summary, new QueueSelection()), Patience,
            (kind, content) => found = kind == QueueFrame.Summary
                ? QueueSummary.Parse(content.Span) : found,
            stop);
        return found ?? throw new ConfigurationException("qmail-send did not sum up the queue");
    }

    /// <summary>The destinations with the most waiting recipients, or one destination.</summary>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    internal async Task<IReadOnlyList<ListedDestination>> DestinationsAsync(
        byte[]? name, CancellationToken stop)
    {
        List<ListedDestination> found = [];
        QueueRequest request = new(QueueVerb.Destinations, new QueueSelection
        {
            Destination = name,
            Most = DestinationsMax,
        });
        await AskAsync(_pages, request, Patience, (kind, content) =>
        {
            if (kind == QueueFrame.Destination
                && ListedDestination.Parse(content.Span) is { } destination)
            {
                found.Add(destination);
            }
        }, stop);
        return found;
    }

    /// <summary>Sends a command that changes something.</summary>
    /// <returns>What the command did.</returns>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    internal async Task<QueueCounts> ChangeAsync(QueueVerb verb, QueueSelection selection)
    {
        QueueCounts counts = default;
        QueueRequest request = new(verb, selection);
        await AskAsync(_pages, request, ChangePatience, (kind, content) =>
        {
            if (kind == QueueFrame.End && QueueCounts.Parse(content.Span) is { } end)
            {
                counts = end;
            }
        }, CancellationToken.None);
        return counts;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pages.Dispose();
        _plots.Dispose();
    }

    private async Task AskAsync(
        SemaphoreSlim places, QueueRequest request, TimeSpan patience,
        Action<byte, ReadOnlyMemory<byte>> onAnswer, CancellationToken stop)
    {
        if (!await places.WaitAsync(patience, stop))
        {
            throw new ConfigurationException("qmail-send is busy with other pages");
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeMax);
        try
        {
            await Task.Run(() => Ask(request, patience, onAnswer, limit.Token), limit.Token);
        }
        catch (Exception e) when (limit.IsCancellationRequested
            && e is ConfigurationException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            string? more = stop.CanBeCanceled ? null : "; the command may have been carried out";
            throw new ConfigurationException(
                $"qmail-send takes more than {TimeMax.TotalSeconds} seconds for this{more}", e);
        }
        finally
        {
            places.Release();
        }
    }

    private void Ask(
        QueueRequest request, TimeSpan patience, Action<byte, ReadOnlyMemory<byte>> onAnswer,
        CancellationToken stop)
    {
        using QueueCommandConnection send = QueueCommandConnection.TryConnect(home, patience)
            ?? throw new ConfigurationException("no qmail-send runs");
        using CancellationTokenRegistration end = stop.Register(send.Abort);
        send.Ask(request, onAnswer);
    }
}
