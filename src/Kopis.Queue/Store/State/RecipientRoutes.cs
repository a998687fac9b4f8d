namespace Kopis.Queue.Store.State;

/// <summary>The routes that an administrator has given to recipients of a message, as numbers of
/// <see cref="StateRoutes"/>.</summary>
public sealed class RecipientRoutes
{
    private const int ObjectBytes = 40;
    private const int OthersBytes = 200; // For a dictionary with few entries.
    private const int EachBytes = 48; // For one that grows by doubling.

    private int _recipient; // In most messages only one has a route.
    private ushort _route;
    private Dictionary<int, ushort>? _others;

    /// <summary>How many recipients have a route; as many records of queue/state store it.
    /// </summary>
    public int Count => (_route == StateRoutes.Usual ? 0 : 1) + (_others?.Count ?? 0);

    /// <summary>Roughly how many bytes of memory it takes.</summary>
    public long MemoryBytes =>
        ObjectBytes + (_others is null ? 0 : OthersBytes + (_others.Count * EachBytes));

    /// <summary>Each recipient with a route, and the route.</summary>
    public IEnumerable<KeyValuePair<int, ushort>> All =>
        _route == StateRoutes.Usual ? _others ?? []
            : (_others ?? []).Prepend(new(_recipient, _route));

    /// <summary>A recipient's route; 0: the usual one.</summary>
    public ushort Of(int recipient) => recipient == _recipient && _route != StateRoutes.Usual
        ? _route
        : _others?.GetValueOrDefault(recipient) ?? StateRoutes.Usual;

    /// <summary>Sets a recipient's route; 0: the usual one.</summary>
    public void Set(int recipient, ushort route)
    {
        if (_others?.Remove(recipient) == true && _others.Count == 0)
        {
            _others = null;
        }

        if (_route == StateRoutes.Usual || _recipient == recipient)
        {
            (_recipient, _route) = (recipient, route);
        }
        else if (route != StateRoutes.Usual)
        {
            (_others ??= [])[recipient] = route;
        }
    }
}
