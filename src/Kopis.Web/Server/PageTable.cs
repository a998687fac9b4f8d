using Kopis.Web.Pages;

namespace Kopis.Web.Server;

/// <summary>The table of pages and of the actions of their forms.</summary>
internal static class PageTable
{
    private static readonly Dictionary<string, Func<Visit, Task<Reply>>> Shown = new()
    {
        ["/"] = OverviewPage.ShowAsync,
        ["/queue"] = QueuePages.ShowListAsync,
        ["/message"] = MessagePage.ShowAsync,
        ["/destinations"] = DestinationsPage.ShowAsync,
        ["/deliveries"] = QueuePages.ShowDeliveriesAsync,
        ["/refusals"] = RefusalsPage.ShowAsync,
        ["/trace"] = TracePage.ShowAsync,
        ["/users"] = UsersPage.ShowAsync,
        ["/checks"] = ChecksPage.ShowAsync,
        ["/config"] = ConfigPage.ShowAsync,
    };

    private static readonly Dictionary<string, Func<Visit, Task<Reply>>> Sent = new()
    {
        ["/act"] = QueueActions.ActAsync,
        ["/destination"] = DestinationsPage.ActAsync,
        ["/checks"] = ChecksPage.BeginAsync,
    };

    /// <summary>The handler of a path; null if there is none.</summary>
    internal static Func<Visit, Task<Reply>>? Find(string path, bool isPost) =>
        (isPost ? Sent : Shown).GetValueOrDefault(path);
}
