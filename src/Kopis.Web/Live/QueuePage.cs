namespace Kopis.Web.Live;

/// <summary>One page of a list of the queue.</summary>
/// <param name="Rows">Recipients in order.</param>
/// <param name="Next">The first row of the next page; null if this is the last page.</param>
/// <param name="Messages">The number of messages in the queue, or in the state that was asked for.
/// </param>
internal sealed record QueuePage(IReadOnlyList<QueueRow> Rows, QueueRow? Next, long Messages);
