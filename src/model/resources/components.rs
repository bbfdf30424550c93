//! The cycles of a graph.

/// The strongly connected components of a graph that contain a cycle, each as a sorted list of
/// nodes. `edges` has the successors of each node. The algorithm is that of Tarjan (1972), without
/// recursion, because a chain of waits can be long.
pub(super) fn cyclic_components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search = Search {
        edges,
        order: vec![None; edges.len()],
        lowest: vec![0; edges.len()],
        is_open: vec![false; edges.len()],
        open: Vec::new(),
        count: 0,
        found: Vec::new(),
    };
    for node in 0..edges.len() {
        if search.order[node].is_none() {
            search.visit(node);
        }
    }
    search.found
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    /// The position of each node in the order of the visits. `None` if the node was not visited.
    order: Vec<Option<usize>>,
    /// The lowest position that can be reached from each node.
    lowest: Vec<usize>,
    is_open: Vec<bool>,
    /// The nodes that were visited and belong to no component yet.
    open: Vec<usize>,
    count: usize,
    found: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn visit(&mut self, start: usize) {
        // Each entry has a node and the number of its edges that have been followed.
        let mut path = vec![(start, 0)];
        self.enter(start);
        while let Some((node, followed)) = path.last_mut() {
            let (node, edge) = (*node, *followed);
            *followed += 1;
            match self.edges[node].get(edge) {
                Some(&next) => match self.order[next] {
                    None => {
                        self.enter(next);
                        path.push((next, 0));
                    }
                    Some(order) if self.is_open[next] => self.lowest[node] = self.lowest[node].min(order),
                    Some(_) => {}
                },
                None => {
                    path.pop();
                    if let Some(&(parent, _)) = path.last() {
                        self.lowest[parent] = self.lowest[parent].min(self.lowest[node]);
                    }
                    if self.order[node] == Some(self.lowest[node]) {
                        self.close(node);
                    }
                }
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.order[node] = Some(self.count);
        self.lowest[node] = self.count;
        self.count += 1;
        self.is_open[node] = true;
        self.open.push(node);
    }

    /// Takes the component whose first visited node is `node`.
    fn close(&mut self, node: usize) {
        let first = self.open.iter().rposition(|&open| open == node).unwrap_or(0);
        let mut component = self.open.split_off(first);
        component.iter().for_each(|&node| self.is_open[node] = false);
        component.sort_unstable();
        if component.len() > 1 || self.edges[node].contains(&node) {
            self.found.push(component);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cycles_are_found() {
        let edges = |pairs: &[(usize, usize)]| {
            let mut edges = vec![Vec::new(); 7];
            pairs.iter().for_each(|&(from, to)| edges[from].push(to));
            edges
        };
        let none: [Vec<usize>; 0] = [];
        assert_eq!(cyclic_components(&edges(&[(0, 1), (1, 2), (0, 2), (3, 2)])), none);
        assert_eq!(cyclic_components(&edges(&[(4, 4)])), [[4]]);
        let two = edges(&[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3), (5, 0)]);
        assert_eq!(cyclic_components(&two), [vec![3, 4], vec![0, 1, 2]]);
        let joined = edges(&[(0, 1), (1, 0), (1, 2), (2, 3), (3, 1), (6, 5)]);
        assert_eq!(cyclic_components(&joined), [vec![0, 1, 2, 3]]);
    }

    #[test]
    fn a_long_chain_needs_no_long_stack() {
        let last = 200_000;
        let edges: Vec<_> = (0..=last)
            .map(|node| vec![if node == last { 0 } else { node + 1 }])
            .collect();
        assert_eq!(cyclic_components(&edges)[0].len(), last + 1);
    }
}
