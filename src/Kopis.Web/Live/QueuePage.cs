namespace Kopis.Web.Live;

/// <summary>A part of a list of the queue.</summary>
/// <param name="Rows">Recipients in order.</param>
/// <param name="Next">The first of the next page; null: this is the last.</param>
/// <param name="Messages">Messages in the queue, or in the state that was asked for.</param>
internal sealed record QueuePage(IReadOnlyList<QueueRow> Rows, QueueRow? Next, long Messages);
