namespace Kopis.Web.Live;

/// <summary>How full the queue is.</summary>
/// <param name="Messages">Messages in it.</param>
/// <param name="RemoteWaiting">Recipients that wait for a destination.</param>
/// <param name="RemoteRunning">Remote deliveries under way.</param>
/// <param name="Oldest">Unix time of the oldest message's arrival; 0: there is none.</param>
/// <param name="Troubled">Destinations that do not serve as they should.</param>
internal readonly record struct QueueLevel(
    long Messages, long RemoteWaiting, long RemoteRunning, long Oldest, int Troubled);
