using Kopis.Base;
using Kopis.Queue.Commands;

namespace Kopis.Web.Live;

/// <summary>Asks qmail-send, over the same socket as the commands (docs/ARCHITECTURE.md). It gives
/// the dashboard's user four connections; we use two, so that pages wait for one another and the
/// socket stays free.</summary>
internal sealed class SendClient(string home) : IDisposable
{
    /// <summary>Recipients of one page of a list.</summary>
    internal const int RowsMax = 50;

    /// <summary>Destinations that are shown.</summary>
    internal const int DestinationsMax = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ChangePatience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(2);

    /// <summary>A page of a list.</summary>
    /// <exception cref="ConfigurationException">qmail-send does not answer, or refuses.</exception>
    internal async Task<QueuePage> ListAsync(QueueSelection selection, int most = RowsMax)
    {
        List<QueueRow> rows = [];
        QueueCounts counts = default;
        ListedMessage? message = null;
        QueueRequest request = new(
            QueueVerb.List, selection with { Most = (uint)most + 1 }); // Is there one more?
        await AskAsync(request, Patience, (kind, content) =>
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
        });
        QueueRow? next = rows.Count > most ? rows[most] : null;
        return new QueuePage([.. rows.Take(most)], next, (long)counts.LookedOf);
    }

    /// <summary>The queue in numbers.</summary>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    internal async Task<QueueSummary> SummaryAsync()
    {
        QueueSummary? found = null;
        await AskAsync(
            new QueueRequest(QueueVerb.Summary, new QueueSelection()), Patience,
            (kind, content) => found = kind == QueueFrame.Summary
                ? QueueSummary.Parse(content.Span) : found);
        return found ?? throw new ConfigurationException("qmail-send did not sum up the queue");
    }

    /// <summary>The destinations with the most recipients that wait, or one.</summary>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    internal async Task<IReadOnlyList<ListedDestination>> DestinationsAsync(byte[]? name = null)
    {
        List<ListedDestination> found = [];
        QueueRequest request = new(QueueVerb.Destinations, new QueueSelection
        {
            Destination = name,
            Most = DestinationsMax,
        });
        await AskAsync(request, Patience, (kind, content) =>
        {
            if (kind == QueueFrame.Destination
                && ListedDestination.Parse(content.Span) is { } destination)
            {
                found.Add(destination);
            }
        });
        return found;
    }

    /// <summary>Gives a command that changes something.</summary>
    /// <returns>What it came to.</returns>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    internal async Task<QueueCounts> ChangeAsync(QueueVerb verb, QueueSelection selection)
    {
        QueueCounts counts = default;
        await AskAsync(new QueueRequest(verb, selection), ChangePatience, (kind, content) =>
        {
            if (kind == QueueFrame.End && QueueCounts.Parse(content.Span) is { } end)
            {
                counts = end;
            }
        });
        return counts;
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    private async Task AskAsync(
        QueueRequest request, TimeSpan patience, Action<byte, ReadOnlyMemory<byte>> onAnswer)
    {
        if (!await _places.WaitAsync(patience))
        {
            throw new ConfigurationException("qmail-send is busy with other pages");
        }

        try
        {
            await Task.Run(() =>
            {
                using QueueCommandConnection send =
                    QueueCommandConnection.TryConnect(home, patience)
                    ?? throw new ConfigurationException("no qmail-send runs");
                send.Ask(request, onAnswer);
            });
        }
        finally
        {
            _places.Release();
        }
    }
}
