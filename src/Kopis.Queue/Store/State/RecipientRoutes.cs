namespace Kopis.Queue.Store.State;

/// <summary>Which recipients of a message an administrator has sent another way: numbers of
/// <see cref="StateRoutes"/>.</summary>
public sealed class RecipientRoutes
{
    private readonly Dictionary<int, ushort> _routes = [];

    /// <summary>Recipients that have a route, and records of queue/state that say it.</summary>
    public int Count => _routes.Count;

    /// <summary>Each recipient that has one, with its route.</summary>
    public IEnumerable<KeyValuePair<int, ushort>> All => _routes;

    /// <summary>A recipient's route; 0: the usual way.</summary>
    public ushort Of(int recipient) => _routes.GetValueOrDefault(recipient);

    /// <summary>Sets a recipient's route; 0: the usual way.</summary>
    public void Set(int recipient, ushort route)
    {
        if (route == StateRoutes.Usual)
        {
            _routes.Remove(recipient);
        }
        else
        {
            _routes[recipient] = route;
        }
    }
}
